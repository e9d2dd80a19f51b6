"""What makes a node a machine of its own, beside its network namespace: its name and its own folders.

A process that does nothing holds a mount namespace, in which these belong to the node alone; programs of the node are
started in it. When it has ended, and they with it, nothing remains mounted.

    /run        NODE/run              sockets, /run/netns; the lab's own folder can still be reached in it
    /var/lib    DISK/NODE/lib         kubelet, containerd, whatever the network keeps
    /var/log    DISK/NODE/log
    /etc /opt   an overlay over this machine's; /etc/cni/net.d is empty at first
    /opt/cni/bin   the usual plugins, and whatever the network adds
"""

import os
import subprocess
from pathlib import Path

from ..errors import LabError
from ..layout import ROOT
from ..node import Node
from ..parameters import KubernetesParameters
from ..processes import Process, tail
from . import cgroups
from .programs import folder as program_folder
from .programs import plugin_folder

PART = "machine"
FOLDERS = ("lib/kubelet", "lib/containerd", "log/pods", "etc", "etc.work", "opt", "opt.work", "cni", "cni.work")
# Each is done in the node's new mount namespace, nothing in it can be seen outside. The first line: a network namespace
# that is removed later would live on for as long as a copy of its mount does.
SCRIPT = """
set -e
umount --recursive --lazy /run/netns
hostname "$NODE"
mkdir -p "$NODE_FOLDER/run/ovs-cni-lab" "$NODE_FOLDER/run/netns" "$NODE_FOLDER/run/openvswitch" "$NODE_FOLDER/run/lock"
mount --bind "$ROOT" "$NODE_FOLDER/run/ovs-cni-lab"
[ "$SWITCH" != host ] || mount --bind "$NODE_FOLDER" "$NODE_FOLDER/run/openvswitch"
mount --rbind "$NODE_FOLDER/run" /run
for folder in etc opt; do
  mount -t overlay -o "lowerdir=/$folder,upperdir=$DISK/$folder,workdir=$DISK/$folder.work" overlay "/$folder"
done
mkdir -p /etc/cni/net.d /opt/cni/bin
mount -t overlay -o "lowerdir=$PLUGINS:/usr/lib/cni,upperdir=$DISK/cni,workdir=$DISK/cni.work" overlay /opt/cni/bin
mount --bind "$DISK/log" /var/log
mount --bind "$DISK/lib" /var/lib
echo > /etc/resolv.conf
mount --make-rshared /
echo ready
exec sleep infinity >/dev/null
"""


def has_switch(parameters: KubernetesParameters) -> bool:
    """Whether the nodes have an Open vSwitch of their own, beside what pods bring. The userspace datapath needs one:
    the underlay's address is on a bridge of it before there is any pod."""
    kind = parameters.network
    return kind == "agent" or kind == "install" and parameters.datapath == "netdev"


def disk(node: Node) -> Path:
    return node.lab.disk / node.name


def create(node: Node, host_switch: bool) -> None:
    """The machine of a node whose network namespace is there. `host_switch`: an Open vSwitch of the node itself, in
    the node's folder, is to be found at /run/openvswitch."""
    for each in FOLDERS:
        (disk(node) / each).mkdir(parents=True)
    environment = {
        "NODE": node.name,
        "NODE_FOLDER": str(node.folder),
        "ROOT": str(ROOT),
        "DISK": str(disk(node)),
        "PLUGINS": str(plugin_folder()),
        "SWITCH": "host" if host_switch else "none",
    }
    log_path = node.folder / "machine.log"
    with node.inside(), open(log_path, "w") as log:
        child = subprocess.Popen(
            ["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c", SCRIPT],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env=os.environ | environment,
            cwd="/",
        )
    node.remember(PART, Process.of(child.pid))
    assert child.stdout is not None
    with child.stdout as printed:
        if printed.readline() != b"ready\n":
            child.wait()
            raise LabError(f"the folders of {node.name} could not be mounted: {' '.join(tail(log_path).split())}")
    cgroups.create(node)


def enter_command(node: Node) -> list[str]:
    """The beginning of a command line that is to run on the node; the process stays the same one."""
    anchor = node.recorded().get(PART)
    if anchor is None or not anchor.alive():
        raise LabError(f"the machine of {node.name} does not run: remove the lab with {node.lab.command('down')}")
    return ["nsenter", f"--target={anchor.pid}", "--mount", "--uts", "--net", "--"]


def environment() -> dict[str, str]:
    """With which programs of the node find each other, our own before Debian's."""
    return {
        "PATH": f"{program_folder()}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "CONTAINERD_ADDRESS": "/run/containerd/containerd.sock",
        "CONTAINERD_NAMESPACE": "k8s.io",
    }
