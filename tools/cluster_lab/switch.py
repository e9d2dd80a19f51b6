"""The Open vSwitch of a node: ovsdb-server and ovs-vswitchd, in the node's folder and network namespace.

On the userspace datapath the node's underlay address is on a bridge of the switch, where it can be used for tunnels.
"""

import os

from . import namespaces, processes
from .address_plan import AddressPlan, with_length
from .errors import LabError
from .node import Node
from .processes import Process

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
PARTS = ("ovsdb-server", "ovs-vswitchd")


def kernel_has_datapath() -> bool:
    """Whether this kernel has Open vSwitch, as a module to load or built in."""
    try:
        processes.run(["modprobe", "-q", "openvswitch"])
        return True
    except LabError:
        try:
            with open("/proc/kallsyms") as symbols:
                return any(" ovs_dp_process_packet" in line for line in symbols)
        except OSError:
            return False


def environment(node: Node) -> dict[str, str]:
    """The variables with which ovs-vsctl and its kin find this node's switch."""
    folder = str(node.folder)
    return {"OVS_RUNDIR": folder, "OVS_DBDIR": folder, "OVS_LOGDIR": folder}


def start(node: Node, datapath: str) -> None:
    """Starts ovsdb-server and ovs-vswitchd; both are ready when this returns. The database is made when there is
    none."""
    folder = node.folder
    variables = os.environ | environment(node)
    database = folder / "conf.db"
    with node.inside():
        fresh = not database.exists()
        if fresh:
            processes.run(["ovsdb-tool", "create", str(database), SCHEMA], env=variables)
        processes.run(
            ["ovsdb-server", f"--remote=punix:{folder}/db.sock", "--detach", "--pidfile", "--log-file", str(database)],
            env=variables,
        )
        if fresh:
            processes.run(["ovs-vsctl", "--no-wait", "init"], env=variables)
        processes.run(
            ["ovs-vswitchd", f"unix:{folder}/db.sock", "--detach", "--pidfile", "--log-file", "-vconsole:off"],
            env=variables,
        )
        if fresh and datapath == "netdev":
            processes.run(
                ["ovs-vsctl", "add-br", "br-phy", "--", "set", "bridge", "br-phy", "datapath_type=netdev"]
                + ["--", "add-port", "br-phy", "eth0"],
                env=variables,
            )
    for part in PARTS:
        node.remember(part, Process.of(int((folder / f"{part}.pid").read_text())))


def restart(node: Node, plan: AddressPlan, datapath: str) -> None:
    """Ends and starts both processes, on the same database."""
    for part in reversed(PARTS):
        node.stop(part)
    start(node, datapath)
    if datapath == "netdev":
        address_underlay(node, plan, "netdev")


def address_underlay(node: Node, plan: AddressPlan, datapath: str) -> None:
    """The node's underlay addresses. On the userspace datapath they are on br-phy, where the switch can use them for
    tunnels."""
    link = "br-phy" if datapath == "netdev" else "eth0"
    namespaces.ip(
        [f"link set {link} up"]
        + [f"address replace {address} dev {link}" for address in with_length(plan.node(node.number)).values()]
        + [f"route replace default via {address} dev {link}" for address in plan.router_to_nodes().values()],
        node.namespace,
    )
    if datapath == "netdev":
        namespaces.offload_off(node.namespace, "br-phy")
