"""Which addresses the control plane and the Services of a lab have, beside those of `address_plan`.

    API servers   172.30.0.251 ...    fd00:172:30::fb ...     port 6443; 172.30.0.250 passes on to whichever lives
    Services      10.96.0.0/16        fd00:10:96::/112        DNS is the tenth address
    pods          10.244.0.0/16       fd00:10:244::/48        a node gets a /24 and a /64, as Kubernetes chooses
"""

from dataclasses import dataclass

from ..address_plan import AddressPlan, ByFamily
from ..parameters import KubernetesParameters

MAX_API_SERVERS = 3
MAX_NODES = 100
PORT = 6443
SERVICE_RANGES = {4: "10.96.0.0/16", 6: "fd00:10:96::/112"}
POD_RANGES = {4: "10.244.0.0/16", 6: "fd00:10:244::/48"}
DNS_ADDRESSES = {4: "10.96.0.10", 6: "fd00:10:96::a"}
API_SERVICE_ADDRESSES = {4: "10.96.0.1", 6: "fd00:10:96::1"}
CLUSTER_DOMAIN = "cluster.local"


@dataclass(frozen=True)
class ClusterPlan:
    addresses: AddressPlan
    api_servers: int

    @staticmethod
    def of(parameters: KubernetesParameters) -> "ClusterPlan":
        return ClusterPlan(AddressPlan.of(parameters.family), parameters.api_servers)

    @property
    def families(self) -> tuple[int, ...]:
        return self.addresses.families

    def entry(self) -> ByFamily:
        """Where the API servers are reached as one, per family."""
        return self._control_plane(250)

    def api_server(self, number: int) -> ByFamily:
        """Of API server 1, 2 ..., per family."""
        return self._control_plane(250 + number)

    def _control_plane(self, last: int) -> ByFamily:
        return self.addresses.each(f"172.30.0.{last}", f"fd00:172:30::{last:x}")

    def service_ranges(self) -> str:
        return ",".join(SERVICE_RANGES[family] for family in self.families)

    def pod_ranges(self) -> str:
        return ",".join(POD_RANGES[family] for family in self.families)

    def dns_addresses(self) -> list[str]:
        return [DNS_ADDRESSES[family] for family in self.families]

    def url(self, addresses: ByFamily) -> str:
        return f"https://{bracketed(addresses[self.families[0]])}:{PORT}"


def bracketed(address: str) -> str:
    """As a URL wants it."""
    return f"[{address}]" if ":" in address else address
