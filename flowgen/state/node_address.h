// The addresses of a node, as its Node object and its PodCIDRs give them.
#pragma once

#include "flowgen/state/cluster_state.h"

#include <optional>
#include <set>

namespace flowgen {

/// Every address by which a node is known: its Node object's and its gateways'.
[[nodiscard]] std::set<IpAddress> node_addresses(const Node& node);

/// The address that tunnels to this node end at: its first one of `family`.
[[nodiscard]] std::optional<IpAddress> tunnel_endpoint(const Node& node, ipam::Family family);

} // namespace flowgen
