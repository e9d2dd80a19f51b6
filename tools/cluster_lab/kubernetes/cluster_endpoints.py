"""Who can be probed in a real cluster: the API's pods, each with the network namespace that it really has.

The same endpoints as a plain lab's, asked in their own words: pods answer themselves, most of them with agnhost.
"""

from .. import node
from ..address_plan import AddressPlan
from ..probing.endpoints import DEFAULT_PORTS, Cluster, Endpoint, by_family, parse_port
from ..plain.workloads import declared_ports, is_finished, is_host_network
from . import sandboxes
from .api import AdminApi

KUBELET_PORTS = (("TCP", 10250),)


class RealCluster(Cluster):
    def __init__(self, lab, parameters):
        self.lab = lab
        plan = AddressPlan.of(parameters)
        self.nodes = {f"node/{name}": _node(lab, plan, name) for name in node.names(parameters)}
        self.outside = Endpoint("outside", lab.namespace("outside"), plan.outside())
        self.pods = {}
        self.not_running = []
        running = sandboxes.of_lab(lab, parameters)
        for pod in AdminApi.of(lab, parameters).items("/api/v1/pods"):
            if not is_finished(pod):
                self._add_real(pod, running.get(pod["metadata"]["uid"]))

    def _add_real(self, pod, sandbox):
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        addresses = [each["ip"] for each in pod["status"].get("podIPs") or []]
        if sandbox is None or not addresses or pod["status"].get("phase") != "Running":
            self.not_running.append(name)
            return
        self.pods[name] = Endpoint(
            name,
            sandbox.network_namespace,
            by_family(addresses),
            tuple(sorted(parse_port(text) for text in declared_ports(pod))) or DEFAULT_PORTS,
            owns_network=not is_host_network(pod),
            labels=pod["metadata"].get("labels") or {},
            speaks_first=False,
        )


def _node(lab, plan, name):
    return Endpoint(
        f"node/{name}",
        lab.namespace(name),
        plan.node(node.number_of(name)),
        KUBELET_PORTS,
        owns_network=False,
        speaks_first=False,
    )
