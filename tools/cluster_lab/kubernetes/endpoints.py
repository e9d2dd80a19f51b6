"""Who can be probed in a real cluster: the API's pods, each with the network namespace that it really has.

The same endpoints as a plain lab's, asked in their own words: pods answer themselves, most of them with agnhost.
"""

from ..address_plan import AddressPlan, by_family
from ..layout import Lab
from ..node import nodes_of
from ..parameters import KubernetesParameters
from ..pods import addresses_of, declared_ports, is_finished, is_host_network, labels_of, name_of
from ..probing.endpoints import Endpoint, Endpoints, Port, ports_of
from . import sandboxes
from .api import AdminApi

KUBELET_PORTS: tuple[Port, ...] = (("TCP", 10250),)


def endpoints(lab: Lab, parameters: KubernetesParameters) -> Endpoints:
    plan = AddressPlan.of(parameters.family)
    found = Endpoints(lab, Endpoint("outside", lab.namespace("outside"), plan.outside()))
    for node in nodes_of(lab, parameters):
        addresses = plan.node(node.number)
        found.add_node(
            Endpoint(
                f"node/{node.name}", node.namespace, addresses, KUBELET_PORTS, owns_network=False, speaks_first=False
            )
        )
    running = sandboxes.of_lab(lab, parameters)
    for pod in AdminApi.of(lab, parameters).items("/api/v1/pods"):
        sandbox = running.get(pod["metadata"]["uid"])
        if is_finished(pod):
            continue
        if sandbox is None or not addresses_of(pod) or pod["status"].get("phase") != "Running":
            found.not_running.append(name_of(pod))
            continue
        found.pods[name_of(pod)] = Endpoint(
            name_of(pod),
            sandbox.network_namespace,
            by_family(addresses_of(pod)),
            ports_of(declared_ports(pod)),
            owns_network=not is_host_network(pod),
            labels=labels_of(pod),
            speaks_first=False,
        )
    return found
