"""Which addresses the control plane and the Services of a lab have, beside those of `address_plan`.

    API servers   172.30.0.251 ...    fd00:172:30::fb ...     port 6443; 172.30.0.250 passes on to whichever lives
    Services      10.96.0.0/16        fd00:10:96::/112        DNS is the tenth address
    pods          10.244.0.0/16       fd00:10:244::/48        a node gets a /24 and a /64, as Kubernetes chooses
"""

from dataclasses import dataclass

from ..address_plan import AddressPlan

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
    def of(parameters):
        return ClusterPlan(AddressPlan.of(parameters), parameters["api_servers"])

    @property
    def families(self):
        return self.addresses.families

    def entry(self):
        """Where the API servers are reached as one, per family."""
        return self._control_plane(250)

    def api_server(self, number):
        """Of API server 1, 2 ..., per family."""
        return self._control_plane(250 + number)

    def _control_plane(self, last):
        return {family: {4: f"172.30.0.{last}", 6: f"fd00:172:30::{last:x}"}[family] for family in self.families}

    def service_ranges(self):
        return ",".join(SERVICE_RANGES[family] for family in self.families)

    def pod_ranges(self):
        return ",".join(POD_RANGES[family] for family in self.families)

    def dns_addresses(self):
        return [DNS_ADDRESSES[family] for family in self.families]

    def url(self, addresses):
        return f"https://{bracketed(addresses[self.families[0]])}:{PORT}"


def bracketed(address):
    """As a URL wants it."""
    return f"[{address}]" if ":" in address else address
