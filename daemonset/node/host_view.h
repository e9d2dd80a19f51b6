// The host's own network, as the agent's parts use it.
#pragma once

#include "ipam/address.h"

#include <compare>
#include <string>
#include <vector>

namespace agent {

/// The link that carries the tunnels.
struct Underlay {
    ipam::IpAddress address; ///< the tunnels' endpoint on this node
    std::string link;
    int mtu = 0; ///< of the link, bytes

    auto operator<=>(const Underlay&) const = default;
};

struct HostView {
    Underlay underlay;
    int mtu = 0;                            ///< of pods, routes and gateway, bytes
    std::vector<ipam::IpAddress> addresses; ///< of global scope, all links, without the gateway's own

    auto operator<=>(const HostView&) const = default;
};

} // namespace agent
