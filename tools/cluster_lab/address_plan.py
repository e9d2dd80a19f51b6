"""Which addresses a lab uses. Labs do not see each other, so all use the same ones.

    nodes       172.30.0.N        fd00:172:30::N        on the underlay; its router is 172.30.0.254, fd00:172:30::fe
    pods        10.244.N.0/24     fd00:10:244:N::/64    the PodCIDRs of node N
    outside     172.31.0.2        fd00:172:31::2        behind the router 172.31.0.1, fd00:172:31::1
"""

from dataclasses import dataclass

MAX_NODES = 250
FAMILIES = {"ipv4": (4,), "ipv6": (6,), "dual": (4, 6)}


@dataclass(frozen=True)
class AddressPlan:
    families: tuple  # of 4 and 6, the first one first

    @staticmethod
    def of(parameters):
        return AddressPlan(FAMILIES[parameters["family"]])

    def _each(self, ipv4, ipv6):
        return {family: {4: ipv4, 6: ipv6}[family] for family in self.families}

    def node(self, number):
        return self._each(f"172.30.0.{number}", f"fd00:172:30::{number}")

    def pod_cidrs(self, number):
        return self._each(f"10.244.{number}.0/24", f"fd00:10:244:{number}::/64")

    def router_to_nodes(self):
        return self._each("172.30.0.254", "fd00:172:30::fe")

    def router_to_outside(self):
        return self._each("172.31.0.1", "fd00:172:31::1")

    def outside(self):
        return self._each("172.31.0.2", "fd00:172:31::2")


def with_length(addresses):
    """Address and prefix length of the link that it is on, per family."""
    return {family: f"{address}/{24 if family == 4 else 64}" for family, address in addresses.items()}
