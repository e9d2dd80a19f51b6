// Where this node's egress-isolated pods may send beyond the overlay, as the host has to know it.
// Packets that kube-proxy has translated to a node or to the outside are forwarded by the host and
// do not cross the bridge again.
//
//   LocalPods ──┐
//   policies  ──┴─► addresses × protocol × ports of each pod ──► disjoint pieces ──► nftables sets (daemonset/)
//
// Only ipBlocks and rules without peers count: a backend that is not a pod has neither labels nor
// port names. A pod is allowed exactly what the bridge allows it to send there directly
// (rule_expansion.h).
#pragma once

#include "flowgen/state/local_pod.h"

#include <compare>
#include <map>
#include <set>
#include <vector>

namespace flowgen {

/// From `first` to `last`, both included and of one family.
struct AddressRange {
    IpAddress first;
    IpAddress last;

    auto operator<=>(const AddressRange&) const = default;
};

/// Ports of one protocol, from `first` to `last`, both included.
struct PortRange {
    Protocol protocol = Protocol::TCP;
    std::uint16_t first = 0;
    std::uint16_t last = 0xffff;

    auto operator<=>(const PortRange&) const = default;
};

struct PortsAt {
    AddressRange addresses;
    PortRange ports;

    auto operator<=>(const PortsAt&) const = default;
};

/// What egress rules allow, in pieces that do not overlap: interval sets of nftables accept no others. Sorted.
struct Destinations {
    std::vector<AddressRange> any_traffic; ///< of every protocol
    std::vector<PortsAt> ports;            ///< outside of `any_traffic`

    auto operator<=>(const Destinations&) const = default;
};

struct HostPolicy {
    /// The addresses of the isolated pods, by what they may reach: pods with equal rules share one entry.
    std::map<Destinations, std::set<IpAddress>> isolated;
    std::vector<Prefix> service_ranges; ///< where the decision depends on the backend

    auto operator<=>(const HostPolicy&) const = default;
};

[[nodiscard]] HostPolicy host_policy(const ClusterState& state, const std::vector<LocalPod>& pods);

/// Whether policy allows this traffic from the pod with address `source` to `destination`, which is
/// not a pod. `port` is 0 for protocols without ports.
[[nodiscard]] bool allows(const HostPolicy& policy, const IpAddress& source, const IpAddress& destination,
                          std::uint8_t protocol, std::uint16_t port);

} // namespace flowgen
