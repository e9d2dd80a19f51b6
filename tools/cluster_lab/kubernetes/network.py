"""What serves the pods of a real cluster.

    agent      the lab starts this checkout's agent on every node, and puts plugin and conflist in place when it is ready
    install    the shipped manifests, applied as an administrator would
    none       nothing: nodes stay NotReady until somebody puts a network into NODE's /etc/cni/net.d
"""

import os
from pathlib import Path

from .. import node
from ..bring_up import in_parallel, progress
from ..errors import LabError
from ..layout import CHECKOUT, program
from ..processes import run
from . import container_runtime, control_plane, machine, status
from .api import kubectl
from .plan import PORT, bracketed

KINDS = ("agent", "install", "none")
READY_SECONDS = 120.0
AGENT = "ovs-cni-agent"
MANIFESTS = CHECKOUT / "daemonset" / "install.yaml"
IMAGE_VARIABLE = "OVS_CNI_IMAGE"


def require(kind):
    """Refuses to begin without what the network will need."""
    if kind == "agent":
        for name in ("ovs-cni", "ovs-cni-agent"):
            program(name)
    if kind == "install":
        image = os.environ.get(IMAGE_VARIABLE)
        if image is None or not Path(image).is_file():
            raise LabError(
                f"--network install needs the product's image as a docker-archive tar: "
                f"build it and set {IMAGE_VARIABLE} to its path (it is {image or 'not set'})"
            )
        if not MANIFESTS.exists():
            raise LabError(f"{MANIFESTS} is missing: this checkout has no manifests to install")


def install(lab, plan, parameters):
    """Returns when every node is Ready; at once for `none`."""
    kind = parameters["network"]
    if kind == "none":
        return
    progress({"agent": "starting the agents", "install": f"applying {MANIFESTS.name}"}[kind])
    if kind == "agent":
        control_plane.credentials(lab).client(AGENT, AGENT, "system:masters")
        in_parallel(lambda name: _start_agent(lab, plan, parameters, name), node.names(parameters))
    else:
        image = Path(os.environ[IMAGE_VARIABLE])
        in_parallel(lambda name: container_runtime.load_image(lab, name, image), node.names(parameters))
        kubectl(lab, ["apply", "-f", str(MANIFESTS)])
    status.wait_for_nodes(lab, parameters, READY_SECONDS)


def _start_agent(lab, plan, parameters, name):
    folder = lab.node_folder(name)
    path = folder / "agent.kubeconfig"
    control_plane.credentials(lab).kubeconfig(path, AGENT, plan.url(plan.entry()))
    servers = [plan.api_server(number)[plan.families[0]] for number in range(1, plan.api_servers + 1)]
    urls = ", ".join(f'"https://{bracketed(address)}:{PORT}"' for address in servers)
    node.write_agent_configuration(lab, parameters["datapath"], name, {"kubeconfig": path})
    with open(folder / "agent.yaml", "a") as file:
        file.write(f"apiServers: [{urls}]\n")
    node.start_agent(lab, name)
    _put_plugin(lab, name)


def _put_plugin(lab, name):
    """The plugin and then the conflist, each whole: a runtime looks at this folder while they are written."""
    conflist = node.write_conflist(lab, name)
    for source, target in ((program("ovs-cni"), "/opt/cni/bin/ovs-cni"), (conflist, f"/etc/cni/net.d/{conflist.name}")):
        scratch = f"{target}.new"
        run([*machine.enter_command(lab, name), "install", str(source), scratch])
        run([*machine.enter_command(lab, name), "mv", scratch, target])
