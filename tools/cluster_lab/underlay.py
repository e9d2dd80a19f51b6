"""The network that the nodes stand on, and a host beyond it.

    NAME.node1 eth0 ─┐
    NAME.node2 eth0 ─┼─ bridge (NAME.underlay, a router) ── eth0 NAME.outside
    NAME.node3 eth0 ─┘

The router knows each node's PodCIDRs, as a data centre with static routes does: the outside host may therefore open
connections to pods, and an answer to a pod that was not masqueraded would come back too, with its own address to be
seen.
"""

from . import namespaces
from .address_plan import AddressPlan, ByFamily, with_length
from .layout import Lab
from .node import Node

BRIDGE = "underlay"


def create(lab: Lab, plan: AddressPlan) -> None:
    underlay, outside = lab.namespace("underlay"), lab.namespace("outside")
    for name in (underlay, outside):
        namespaces.create(name)
    with namespaces.inside(underlay):
        namespaces.set_sysctls({"net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1})
    namespaces.ip(
        [
            f"link add {BRIDGE} type bridge",
            f"link set {BRIDGE} up",
            f"link add outside type veth peer name eth0 netns {outside}",
            "link set outside up",
        ]
        + [f"address add {address} dev {BRIDGE}" for address in with_length(plan.router_to_nodes()).values()]
        + [f"address add {address} dev outside" for address in with_length(plan.router_to_outside()).values()],
        underlay,
    )
    namespaces.ip(
        ["link set eth0 up"]
        + [f"address add {address} dev eth0" for address in with_length(plan.outside()).values()]
        + [f"route add default via {address} dev eth0" for address in plan.router_to_outside().values()],
        outside,
    )
    namespaces.offload_off(underlay, BRIDGE, "outside")
    namespaces.offload_off(outside, "eth0")


def attach(node: Node, plan: AddressPlan) -> None:
    """Gives the node's namespace its eth0 on the underlay; the addresses are the node's own business."""
    connect(node)
    route(node.lab, plan.node(node.number), plan.pod_cidrs(node.number))


def connect(node: Node) -> None:
    """The link between the namespace of a node, or of the control plane, and the underlay."""
    underlay, there = node.lab.namespace("underlay"), node.namespace
    namespaces.ip(
        [
            f"link add {node.name} type veth peer name eth0 netns {there}",
            f"link set {node.name} master {BRIDGE}",
            f"link set {node.name} up",
        ],
        underlay,
    )
    namespaces.ip(["link set eth0 up"], there)
    namespaces.offload_off(underlay, node.name)
    namespaces.offload_off(there, "eth0")


def route(lab: Lab, addresses: ByFamily, pod_cidrs: ByFamily) -> None:
    """The router's way to a node's pods; addresses and ranges per family."""
    namespaces.ip(
        [f"route replace {cidr} via {addresses[family]} dev {BRIDGE}" for family, cidr in pod_cidrs.items()],
        lab.namespace("underlay"),
    )
