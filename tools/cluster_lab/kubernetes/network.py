"""What serves the pods of a real cluster.

    install    the shipped manifests with an image of this checkout's programs, applied as an administrator would
    agent      the lab starts our own agent on every node, and puts plugin and conflist in place when it is ready
    none       nothing: nodes stay NotReady until somebody puts a network into their /etc/cni/net.d
"""

import os
from pathlib import Path

from .. import agent, manifests
from ..errors import LabError
from ..json_files import Json
from ..layout import CHECKOUT, Lab, program
from ..node import Node, nodes_of
from ..parameters import KubernetesParameters
from ..processes import run
from ..progress import in_parallel, progress
from . import container_runtime, control_plane, machine, status
from .api import kubectl
from .plan import PORT, ClusterPlan, bracketed

KINDS = ("install", "agent", "none")
READY_SECONDS = 120.0
AGENT = "ovs-cni-agent"
MANIFESTS = CHECKOUT / "daemonset" / "install.yaml"
REMOVAL = CHECKOUT / "daemonset" / "remove.yaml"
POD = "app.kubernetes.io/name=ovs-cni,app.kubernetes.io/component=node"
IMAGE_BUILD = CHECKOUT / "daemonset" / "image" / "build"
IMAGE_VARIABLE = "OVS_CNI_IMAGE"
DATAPATHS = ('datapath: "system"', 'datapath: "netdev"')


def _image() -> Path:
    """The product's image, a docker-archive tar."""
    return Path(os.environ.get(IMAGE_VARIABLE, CHECKOUT / "build" / "image" / "ovs-cni.tar"))


def require(kind: str) -> None:
    """Refuses to begin without what the network will need; the image is made of the programs, unless one is given."""
    if kind == "none":
        return
    programs = [program(name) for name in ("ovs-cni", "ovs-cni-agent")]
    if kind == "agent":
        return
    if IMAGE_VARIABLE not in os.environ:
        progress("making the image of this checkout's programs (the first time, two minutes)")
        environment = os.environ | {"OVS_CNI_BIN": str(Path(programs[0]).parent)}
        run([str(IMAGE_BUILD), "--output", str(_image())], env=environment)
    elif not _image().is_file():
        raise LabError(f"the image {_image()}, named by {IMAGE_VARIABLE}, is missing")


def give_images(lab: Lab, parameters: KubernetesParameters) -> None:
    """Gives the nodes what the manifests ask for."""
    if parameters.network == "install":
        in_parallel(lambda node: container_runtime.load_image(node, parameters, _image()), nodes_of(lab, parameters))


def install(lab: Lab, plan: ClusterPlan, parameters: KubernetesParameters) -> None:
    """Returns when every node is Ready; at once for `none`."""
    kind = parameters.network
    if kind == "none":
        return
    progress({"agent": "starting the agents", "install": f"applying {MANIFESTS.name}"}[kind])
    if kind == "agent":
        control_plane.credentials(lab).client(AGENT, AGENT, "system:masters")
        in_parallel(lambda node: _start_agent(node, plan, parameters), nodes_of(lab, parameters))
    else:
        _apply(lab, parameters)
    status.wait_for_nodes(lab, parameters, READY_SECONDS)


def _apply(lab: Lab, parameters: KubernetesParameters) -> None:
    if machine.has_switch(parameters):
        progress("with the nodes' own switch (ovs.host: true), on the userspace datapath (datapath: netdev)")
    kubectl(lab, ["apply", "-f", "-"], shipped(parameters, MANIFESTS))


def shipped(parameters: KubernetesParameters, path: Path) -> Json:
    """The objects of a manifest that we ship, as a list. Where the nodes have a switch, with the settings for that."""
    found = [document["object"] for document in manifests.read([path])]
    if machine.has_switch(parameters):
        found = [_for_own_switch(each) for each in found]
    return {"apiVersion": "v1", "kind": "List", "items": found}


def replace_agent(node: Node) -> None:
    """Deletes the node's pod of the installed network; returns when its successor is ready."""
    there = ["--namespace", "kube-system"]
    old = ["--selector", POD, "--field-selector", f"spec.nodeName={node.name}"]
    kubectl(node.lab, [*there, "delete", "pod", "--wait", *old])
    kubectl(node.lab, [*there, "rollout", "status", "daemonset/ovs-cni", f"--timeout={READY_SECONDS:.0f}s"])


def _for_own_switch(manifest: Json) -> Json:
    if manifest["kind"] == "ConfigMap":
        data = manifest["data"].items()
        return manifest | {"data": {key: text.replace(*DATAPATHS) for key, text in data}}
    if manifest["kind"] == "DaemonSet":
        pod = manifest["spec"]["template"]["spec"]
        pod["containers"] = [each for each in pod["containers"] if each["name"] != "ovs"]
        for container in pod.get("initContainers", []):
            container["command"] = [*container["command"], "--host-switch"]
    return manifest


def _start_agent(node: Node, plan: ClusterPlan, parameters: KubernetesParameters) -> None:
    path = node.folder / "agent.kubeconfig"
    control_plane.credentials(node.lab).kubeconfig(path, AGENT, plan.url(plan.entry()))
    servers = [plan.api_server(number)[plan.families[0]] for number in range(1, plan.api_servers + 1)]
    urls = ", ".join(f'"https://{bracketed(address)}:{PORT}"' for address in servers)
    agent.write_configuration(node, parameters.datapath, {"kubeconfig": path})
    with open(node.folder / "agent.yaml", "a") as file:
        file.write(f"apiServers: [{urls}]\n")
    agent.start(node)
    _put_plugin(node)


def _put_plugin(node: Node) -> None:
    """The plugin and then the conflist, each whole: a runtime looks at this folder while they are written."""
    conflist = agent.write_conflist(node)
    for source, target in (
        (program("ovs-cni"), "/opt/cni/bin/ovs-cni"),
        (str(conflist), f"/etc/cni/net.d/{conflist.name}"),
    ):
        scratch = f"{target}.new"
        run([*machine.enter_command(node), "install", source, scratch])
        run([*machine.enter_command(node), "mv", scratch, target])
