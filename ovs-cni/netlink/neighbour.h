// Permanent neighbour entries: the Ethernet address of an IP address, which the kernel then never
// resolves.
#pragma once

#include "ipam/address.h"
#include "ovs-cni/netlink/socket.h"

#include <compare>
#include <vector>

namespace ovs_cni::netlink {

struct Neighbour {
    ipam::IpAddress address;
    ipam::MacAddress mac;
    int link = 0; ///< index of the interface

    auto operator<=>(const Neighbour&) const = default;
};

/// Adds the entry, or replaces the existing one for the address.
[[nodiscard]] Result<void> replace_neighbour(Socket& socket, const Neighbour& neighbour);
/// The permanent entries on one link, sorted.
[[nodiscard]] Result<std::vector<Neighbour>> permanent_neighbours(Socket& socket, int link);

} // namespace ovs_cni::netlink
