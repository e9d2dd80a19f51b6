"""A node of a plain lab: network namespace, switch, agent, and a program that answers.

    create   the namespace on the underlay, with its switch; the agent is started when all nodes have come so far
"""

from .. import agent, namespaces, responders, switch, underlay
from ..address_plan import AddressPlan
from ..json_files import Json
from ..node import Node

RESPONDER = "responder"
PARTS = (*switch.PARTS, agent.PART, RESPONDER)


def node_object(node: Node, plan: AddressPlan) -> Json:
    addresses, cidrs = plan.node(node.number), plan.pod_cidrs(node.number)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": {"kubernetes.io/hostname": node.name}},
        "spec": {"podCIDR": next(iter(cidrs.values())), "podCIDRs": list(cidrs.values())},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address} for address in addresses.values()]
            + [{"type": "Hostname", "address": node.name}]
        },
    }


def create(node: Node, plan: AddressPlan, datapath: str) -> None:
    node.folder.mkdir(parents=True)
    namespaces.create(node.namespace)
    with node.inside():
        namespaces.set_sysctls({"net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1})
    underlay.attach(node, plan)
    switch.start(node, datapath)
    switch.address_underlay(node, plan, datapath)
    agent.write_configuration(node, datapath, {"manifests": node.lab.objects})
    agent.write_conflist(node)
    started = responders.start(node.namespace, f"node/{node.name}", responders.HOST_PORTS, shared=True)
    node.remember(RESPONDER, started)


def missing_parts(node: Node) -> list[str]:
    """The processes of the node that do not run."""
    return [part for part in PARTS if not node.runs(part)]
