// An attempt on the wire: which packet enters which bridge where, and where it must leave.
//
//   Attempt ──► Crossing: entry ──request──► exit
//                              ◄───reply────
#pragma once

#include "tests/judge/fabric.h"
#include "tests/judge/random_cluster.h"
#include "tests/judge/reference.h"

#include <set>

namespace judge {

/// How a pod's packet to another pod reaches the bridge.
enum class Path : std::uint8_t {
    Direct,  ///< from the pod's own port
    ViaHost, ///< through the gateway of the pod's node, where a Service address was translated
};

/// A zone of connection tracking on a node.
struct ZoneOfNode {
    std::string node;
    std::uint16_t zone = 0;

    auto operator<=>(const ZoneOfNode&) const = default;
};

struct Crossing {
    Place entry;
    Place exit;
    Frame request;
    /// Where connection tracking holds it: a zone for each pod that takes part.
    std::set<ZoneOfNode> zones;

    /// The reply to `request`, as it enters at `exit`; it must leave at `entry`.
    [[nodiscard]] Frame reply() const;
    /// The ICMP error of a receiver without a listener for `request`.
    [[nodiscard]] Frame error() const;

    MacAddress receiver_mac;
};

/// The Ethernet address of the host or pod behind this port.
[[nodiscard]] MacAddress mac_behind(const Cluster& cluster, const Place& place);

/// `path` matters only between pods. A pod reaches itself on the network through a Service alone: through the gateway,
/// with the node's address as the source. Its own stack delivers everything else.
[[nodiscard]] Crossing crossing(const Cluster& cluster, const Attempt& attempt, Path path, std::uint16_t source_port);

} // namespace judge
