"""Who can be probed in a plain lab: the pods that have a sandbox, the nodes, the outside host."""

from ..address_plan import AddressPlan, by_family
from ..layout import Lab
from ..node import nodes_of
from ..parameters import Parameters
from ..pods import is_finished, is_host_network, labels_of
from ..probing.endpoints import Endpoint, Endpoints, ports_of
from .object_kinds import key_of
from .object_store import ObjectStore
from .sandbox import sandboxes


def endpoints(lab: Lab, parameters: Parameters) -> Endpoints:
    plan = AddressPlan.of(parameters.family)
    found = Endpoints(lab, Endpoint("outside", lab.namespace("outside"), plan.outside()))
    for node in nodes_of(lab, parameters):
        found.add_node(
            Endpoint(f"node/{node.name}", node.namespace, plan.node(node.number), owns_network=False)
        )
    running = {name: sandbox for name, sandbox in sandboxes(lab).items() if sandbox.state == "running"}
    for pod in ObjectStore(lab.objects).of_kind("Pod"):
        name = key_of(pod).pod
        if name in running:
            sandbox = running[name]
            found.pods[str(name)] = Endpoint(
                str(name),
                sandbox.network_namespace,
                by_family(sandbox.addresses),
                ports_of(sandbox.ports or []),
                owns_network=not is_host_network(pod),
                labels=labels_of(pod),
            )
        elif not is_finished(pod):
            found.not_running.append(str(name))
    return found
