"""What serves the pods of a real cluster.

    install    the shipped manifests with an image of this checkout's programs, applied as an administrator would
    agent      the lab starts our own agent on every node, and puts plugin and conflist in place when it is ready
    none       nothing: nodes stay NotReady until somebody puts a network into their /etc/cni/net.d
"""

import os
from pathlib import Path

from .. import manifests, node
from ..plain.bring_up import in_parallel, progress
from ..errors import LabError
from ..layout import CHECKOUT, program
from ..processes import run
from . import container_runtime, control_plane, machine, status
from .api import kubectl
from .plan import PORT, bracketed

KINDS = ("install", "agent", "none")
READY_SECONDS = 120.0
AGENT = "ovs-cni-agent"
MANIFESTS = CHECKOUT / "daemonset" / "install.yaml"
REMOVAL = CHECKOUT / "daemonset" / "remove.yaml"
POD = "app.kubernetes.io/name=ovs-cni,app.kubernetes.io/component=node"
IMAGE_BUILD = CHECKOUT / "daemonset" / "image" / "build"
IMAGE_VARIABLE = "OVS_CNI_IMAGE"
DATAPATHS = ('datapath: "system"', 'datapath: "netdev"')


def _image():
    """The product's image, a docker-archive tar."""
    return Path(os.environ.get(IMAGE_VARIABLE, CHECKOUT / "build" / "image" / "ovs-cni.tar"))


def require(kind):
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


def give_images(lab, parameters):
    """Gives the nodes what the manifests ask for."""
    if parameters["network"] == "install":
        in_parallel(lambda name: container_runtime.load_image(lab, name, _image()), node.names(parameters))


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
        _apply(lab, parameters)
    status.wait_for_nodes(lab, parameters, READY_SECONDS)


def _apply(lab, parameters):
    if machine.has_switch(parameters):
        progress("with the nodes' own switch (ovs.host: true), on the userspace datapath (datapath: netdev)")
    kubectl(lab, ["apply", "-f", "-"], shipped(parameters, MANIFESTS))


def shipped(parameters, path):
    """The objects of a manifest that we ship, as a list. Where the nodes have a switch, with the settings for that."""
    found = [document["object"] for document in manifests.read([path])]
    if machine.has_switch(parameters):
        found = [_for_own_switch(each) for each in found]
    return {"apiVersion": "v1", "kind": "List", "items": found}


def replace_agent(lab, name):
    """Deletes the node's pod of the installed network; returns when its successor is ready."""
    there = ["--namespace", "kube-system"]
    kubectl(lab, [*there, "delete", "pod", "--wait", "--selector", POD, "--field-selector", f"spec.nodeName={name}"])
    kubectl(lab, [*there, "rollout", "status", "daemonset/ovs-cni", f"--timeout={READY_SECONDS:.0f}s"])


def _for_own_switch(manifest):
    if manifest["kind"] == "ConfigMap":
        data = manifest["data"].items()
        return manifest | {"data": {key: text.replace(*DATAPATHS) for key, text in data}}
    if manifest["kind"] == "DaemonSet":
        pod = manifest["spec"]["template"]["spec"]
        pod["containers"] = [each for each in pod["containers"] if each["name"] != "ovs"]
        for container in pod.get("initContainers", []):
            container["command"] = [*container["command"], "--host-switch"]
    return manifest


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
