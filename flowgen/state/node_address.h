// The addresses of a node, from its Node object and its PodCIDRs.
#pragma once

#include "flowgen/state/cluster_state.h"

#include <optional>
#include <set>

namespace flowgen {

/// Every address by which a node is known: its Node object's and its gateways'.
[[nodiscard]] std::set<IpAddress> node_addresses(const Node& node);

/// The tunnel endpoint of this node: its first address of `family`.
[[nodiscard]] std::optional<IpAddress> tunnel_endpoint(const Node& node, ipam::Family family);

} // namespace flowgen
