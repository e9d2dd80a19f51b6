#include "flowgen/state/node_address.h"

#include "ipam/allocator.h"

#include <algorithm>

namespace flowgen {

std::set<IpAddress> node_addresses(const Node& node) {
    std::set<IpAddress> addresses(node.addresses.begin(), node.addresses.end());
    for (const auto& cidr : node.pod_cidrs) addresses.insert(ipam::gateway_address(cidr));
    return addresses;
}

std::optional<IpAddress> tunnel_endpoint(const Node& node, ipam::Family family) {
    const auto place = std::ranges::find(node.addresses, family, &IpAddress::family);
    return place == node.addresses.end() ? std::nullopt : std::optional(*place);
}

} // namespace flowgen
