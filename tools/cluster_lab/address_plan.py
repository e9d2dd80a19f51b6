"""Which addresses a lab uses. Labs do not see each other, so all use the same ones.

    nodes       172.30.0.N        fd00:172:30::N        on the underlay; its router is 172.30.0.254, fd00:172:30::fe
    pods        10.244.N.0/24     fd00:10:244:N::/64    the PodCIDRs of node N
    outside     172.31.0.2        fd00:172:31::2        behind the router 172.31.0.1, fd00:172:31::1
"""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_NODES = 250
FAMILIES: dict[str, tuple[int, ...]] = {"ipv4": (4,), "ipv6": (6,), "dual": (4, 6)}

ByFamily = dict[int, str]  # 4 and 6 to an address or a range


@dataclass(frozen=True)
class AddressPlan:
    families: tuple[int, ...]  # of 4 and 6, the first one first

    @staticmethod
    def of(family: str) -> "AddressPlan":
        """Of a lab with the parameter `family`."""
        return AddressPlan(FAMILIES[family])

    def each(self, ipv4: str, ipv6: str) -> ByFamily:
        """Of these two, those of the lab's families."""
        return {family: {4: ipv4, 6: ipv6}[family] for family in self.families}

    def node(self, number: int) -> ByFamily:
        return self.each(f"172.30.0.{number}", f"fd00:172:30::{number}")

    def pod_cidrs(self, number: int) -> ByFamily:
        return self.each(f"10.244.{number}.0/24", f"fd00:10:244:{number}::/64")

    def router_to_nodes(self) -> ByFamily:
        return self.each("172.30.0.254", "fd00:172:30::fe")

    def router_to_outside(self) -> ByFamily:
        return self.each("172.31.0.1", "fd00:172:31::1")

    def outside(self) -> ByFamily:
        return self.each("172.31.0.2", "fd00:172:31::2")


def by_family(addresses: Iterable[str]) -> ByFamily:
    return {6 if ":" in address else 4: address for address in addresses}


def with_length(addresses: ByFamily) -> ByFamily:
    """Address and prefix length of the link that it is on, per family."""
    return {family: f"{address}/{24 if family == 4 else 64}" for family, address in addresses.items()}
