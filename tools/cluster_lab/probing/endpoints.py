"""Who can be probed, and from where: pods, nodes and the outside host.

    NAMESPACE/NAME, NAMESPACE/*, node/NAME, outside ──► Endpoint: name, network namespace, addresses, ports
"""

import json
from dataclasses import dataclass, field

from .. import node
from ..address_plan import AddressPlan
from ..errors import LabError
from ..plain.object_store import ObjectStore, key_of
from ..plain.workloads import is_finished, is_host_network

DEFAULT_PORTS = (("TCP", 80),)


@dataclass(frozen=True)
class Endpoint:
    name: str  # NAMESPACE/NAME, node/NAME or outside
    network_namespace: str  # its name, or the path of one that has none
    addresses: dict  # 4 and 6 to text
    ports: tuple = DEFAULT_PORTS  # declared, as (protocol, number)
    owns_network: bool = True  # False for pods on their node's network: others may answer on the same address
    labels: dict = field(default_factory=dict)
    speaks_first: bool = True  # as the lab's responders do; others wait to be asked


def parse_port(text):
    """("TCP", 80) from "80/tcp" or "80"."""
    number, _, protocol = text.partition("/")
    protocol = (protocol or "tcp").upper()
    if not number.isdigit() or not 1 <= int(number) <= 65535 or protocol not in ("TCP", "UDP", "SCTP"):
        raise LabError(f"'{text}' is not a port: write NUMBER/tcp, NUMBER/udp or NUMBER/sctp")
    return protocol, int(number)


def by_family(addresses):
    return {6 if ":" in address else 4: address for address in addresses}


class Cluster:
    """The endpoints of a lab, as they are now."""

    def __init__(self, lab, parameters):
        self.lab = lab
        plan = AddressPlan.of(parameters)
        self.nodes = {
            f"node/{name}": Endpoint(
                f"node/{name}", lab.namespace(name), plan.node(node.number_of(name)), owns_network=False
            )
            for name in node.names(parameters)
        }
        self.outside = Endpoint("outside", lab.namespace("outside"), plan.outside())
        self.pods = {}
        self.not_running = []
        records = {}
        for path in lab.sandboxes.glob("[!.]*.json"):
            record = json.loads(path.read_text())
            records[(record["namespace"], record["name"])] = record
        for pod in ObjectStore(lab.objects).of_kind("Pod"):
            self._add_pod(pod, records.get(key_of(pod)[1:]))

    def _add_pod(self, pod, record):
        name = "/".join(key_of(pod)[1:])
        if record is None or record["state"] != "running":
            if not is_finished(pod):
                self.not_running.append(name)
            return
        ports = tuple(sorted(parse_port(text) for text in record["ports"])) or DEFAULT_PORTS
        self.pods[name] = Endpoint(
            name,
            record["network_namespace"],
            by_family(record["addresses"]),
            ports,
            owns_network=not is_host_network(pod),
            labels=pod["metadata"].get("labels") or {},
        )

    def select(self, selectors):
        """The endpoints that the selectors name, sorted; all pods when there are none."""
        if not selectors:
            return [self.pods[name] for name in sorted(self.pods)]
        chosen = {}
        for selector in selectors:
            for endpoint in self._select_one(selector):
                chosen[endpoint.name] = endpoint
        return [chosen[name] for name in sorted(chosen)]

    def _select_one(self, selector):
        if selector == "outside":
            return [self.outside]
        if selector in self.nodes:
            return [self.nodes[selector]]
        if selector in self.pods:
            return [self.pods[selector]]
        namespace, slash, name = selector.partition("/")
        if not slash:
            raise LabError(f"'{selector}' selects nothing: write NAMESPACE/NAME, NAMESPACE/*, node/NAME or outside")
        if name == "*":
            return [pod for each, pod in self.pods.items() if each.startswith(namespace + "/")]
        if selector in self.not_running:
            raise LabError(f"pod {selector} does not run: see {self.lab.command('wait')}")
        if namespace == "node":
            has = ", ".join(each.removeprefix("node/") for each in self.nodes)
            raise LabError(f"there is no node '{name}': there are {has}")
        raise LabError(f"there is no pod {selector}")
