"""Who can be probed, and from where: pods, nodes and the outside host.

    NAMESPACE/NAME, NAMESPACE/*, node/NAME, outside ──► Endpoint: name, network namespace, addresses, ports
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..address_plan import ByFamily
from ..errors import LabError
from ..layout import Lab

Port = tuple[str, int]  # protocol and number

DEFAULT_PORTS: tuple[Port, ...] = (("TCP", 80),)


@dataclass(frozen=True)
class Endpoint:
    name: str  # NAMESPACE/NAME, node/NAME or outside
    network_namespace: str  # its name, or the path of one that has none
    addresses: ByFamily
    ports: tuple[Port, ...] = DEFAULT_PORTS  # declared
    owns_network: bool = True  # False for pods on their node's network: others may answer on the same address
    labels: dict[str, str] = field(default_factory=dict)
    speaks_first: bool = True  # as the lab's responders do; others wait to be asked


def parse_port(text: str) -> Port:
    """("TCP", 80) from "80/tcp" or "80"."""
    number, _, protocol = text.partition("/")
    protocol = (protocol or "tcp").upper()
    if not number.isdecimal() or not 1 <= int(number) <= 65535 or protocol not in ("TCP", "UDP", "SCTP"):
        raise LabError(f"'{text}' is not a port: write NUMBER/tcp, NUMBER/udp or NUMBER/sctp")
    return protocol, int(number)


def ports_of(declared: Iterable[str]) -> tuple[Port, ...]:
    """The ports to ask an endpoint on that declares these."""
    return tuple(sorted(parse_port(text) for text in declared)) or DEFAULT_PORTS


@dataclass
class Endpoints:
    """The endpoints of a lab, as they are now."""

    lab: Lab
    outside: Endpoint
    nodes: dict[str, Endpoint] = field(default_factory=dict)
    pods: dict[str, Endpoint] = field(default_factory=dict)
    not_running: list[str] = field(default_factory=list)  # the names of other pods

    def add_node(self, node: Endpoint) -> None:
        self.nodes[node.name] = node

    def select(self, selectors: Sequence[str]) -> list[Endpoint]:
        """The endpoints that the selectors name, sorted; all pods when there are none."""
        if not selectors:
            return [self.pods[name] for name in sorted(self.pods)]
        chosen = {}
        for selector in selectors:
            for endpoint in self._select_one(selector):
                chosen[endpoint.name] = endpoint
        return [chosen[name] for name in sorted(chosen)]

    def _select_one(self, selector: str) -> list[Endpoint]:
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
