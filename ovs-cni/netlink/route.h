// Routes of the main table: set, remove, list.
#pragma once

#include "ipam/address.h"
#include "ipam/prefix.h"
#include "ovs-cni/netlink/socket.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ovs_cni::netlink {

/// Marks the routes that ovs-cni sets in the host, so that it recognises them; `ip route` shows it
/// as "proto 79".
/// Numbers above 4 are for applications to choose from (rtnetlink(7)); 79 is not in iproute2's list.
inline constexpr std::uint8_t kRouteProtocol = 79;

struct Route {
    ipam::Prefix destination;
    std::optional<ipam::IpAddress> gateway; ///< treated as on `link` even without a route to it; absent: the
                                            ///< destination itself is on the link
    int link = 0;                           ///< index of the interface
    std::optional<ipam::IpAddress> source;  ///< preferred source address
    int mtu = 0;                            ///< bytes; 0: the link's
    std::uint8_t protocol = kRouteProtocol;

    auto operator<=>(const Route&) const = default;
    /// "10.244.2.0/24 via 169.254.1.1 src 10.244.1.1 mtu 1430"; the link is not part of it.
    [[nodiscard]] std::string text() const;
};

/// Adds the route unless one to that destination exists; returns whether it was added.
[[nodiscard]] Result<bool> add_route(Socket& socket, const Route& route);
/// Sets the route, replacing any other to the same destination.
[[nodiscard]] Result<void> replace_route(Socket& socket, const Route& route);
/// Removes the route; an absent one is not an error.
[[nodiscard]] Result<void> delete_route(Socket& socket, const Route& route);

/// The main table's unicast routes over one link, sorted.
[[nodiscard]] Result<std::vector<Route>> routes_over(Socket& socket, int link);
/// The main table's unicast routes with this protocol number, sorted.
[[nodiscard]] Result<std::vector<Route>> routes_of_protocol(Socket& socket, std::uint8_t protocol);

} // namespace ovs_cni::netlink
