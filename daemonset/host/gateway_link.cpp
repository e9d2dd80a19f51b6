#include "daemonset/host/gateway_link.h"

#include "ovs-cni/netlink/interface_address.h"
#include "ovs-cni/netlink/link.h"
#include "ovs-cni/netlink/neighbour.h"
#include "ovs-cni/netlink/route.h"

#include <algorithm>
#include <optional>

namespace agent {
namespace {

using outcome::fail;
using outcome::Result;
using ovs_cni::netlink::InterfaceAddress;
using ovs_cni::netlink::kRouteProtocol;
using ovs_cni::netlink::Link;
using ovs_cni::netlink::LinkChange;
using ovs_cni::netlink::Neighbour;
using ovs_cni::netlink::Route;
using ovs_cni::netlink::Socket;

using Changes = std::vector<std::string>;

std::optional<ipam::IpAddress> of_family(const std::vector<ipam::IpAddress>& addresses, ipam::Family family) {
    const auto found = std::ranges::find(addresses, family, &ipam::IpAddress::family);
    if (found == addresses.end()) return std::nullopt;
    return *found;
}

/// Finds the port and applies the settings of the link itself.
Result<Link> apply_link(Socket& socket, const GatewayLink& wanted, Changes& changes) {
    ASSIGN_OR_RETURN(const auto found, find_link(socket, wanted.interface));
    if (!found) return fail("the gateway port " + wanted.interface + " does not exist: is ovs-vswitchd running?");
    const Link& link = *found;
    if (link.mac != wanted.mac)
        return fail("the gateway port " + wanted.interface + " has the Ethernet address " + link.mac.text() +
                    " instead of " + wanted.mac.text() + ": is other_config:hwaddr of the bridge set?");
    LinkChange change;
    if (link.mtu != wanted.mtu) {
        change.mtu = wanted.mtu;
        changes.push_back("mtu " + std::to_string(link.mtu) + " -> " + std::to_string(wanted.mtu));
    }
    if (!link.up) {
        change.up = true;
        changes.emplace_back("up");
    }
    if (change.mtu || change.up) {
        RETURN_IF_ERROR(set_link(socket, wanted.interface, change));
    }
    return link;
}

Result<void> apply_addresses(Socket& socket, const GatewayLink& wanted, int link, Changes& changes) {
    ASSIGN_OR_RETURN(const auto present, addresses_of(socket, link));
    std::vector<InterfaceAddress> missing;
    missing.reserve(wanted.addresses.size());
    for (const auto& address : wanted.addresses) missing.push_back({address, ipam::width(address.family), link, true});
    for (const auto& address : present) {
        if (std::erase(missing, address) > 0 || !address.global) continue;
        RETURN_IF_ERROR(delete_address(socket, address));
        changes.push_back("address " + address.text() + " removed");
    }
    for (const auto& address : missing) {
        RETURN_IF_ERROR(add_address(socket, address));
        changes.push_back("address " + address.text() + " added");
    }
    return {};
}

Result<void> apply_neighbours(Socket& socket, const GatewayLink& wanted, int link, Changes& changes) {
    ASSIGN_OR_RETURN(const auto present, permanent_neighbours(socket, link));
    for (const auto& address : wanted.addresses) {
        const auto router = of_family(wanted.routers, address.family);
        if (!router) continue;
        const Neighbour neighbour{*router, wanted.router_mac, link};
        if (std::ranges::find(present, neighbour) != present.end()) continue;
        RETURN_IF_ERROR(replace_neighbour(socket, neighbour));
        changes.push_back("neighbour " + router->text() + " set");
    }
    return {};
}

std::vector<Route> wanted_routes(const GatewayLink& wanted, int link) {
    std::vector<Route> routes;
    for (const auto& destination : wanted.destinations) {
        const auto source = of_family(wanted.addresses, destination.family());
        const auto router = of_family(wanted.routers, destination.family());
        if (source && router) routes.push_back({destination, router, link, source, wanted.mtu, kRouteProtocol});
    }
    std::ranges::sort(routes);
    return routes;
}

Result<void> apply_routes(Socket& socket, const GatewayLink& wanted, int link, Changes& changes) {
    ASSIGN_OR_RETURN(const auto present, routes_of_protocol(socket, kRouteProtocol));
    const auto routes = wanted_routes(wanted, link);
    for (const auto& route : routes) {
        if (std::ranges::binary_search(present, route)) continue;
        RETURN_IF_ERROR(replace_route(socket, route));
        changes.push_back("route " + route.text() + " set");
    }
    for (const auto& route : present) {
        const auto same_destination = [&](const Route& other) { return other.destination == route.destination; };
        if (std::ranges::any_of(routes, same_destination)) continue; // kept, or replaced above
        RETURN_IF_ERROR(delete_route(socket, route));
        changes.push_back("route " + route.text() + " removed");
    }
    return {};
}

} // namespace

Result<std::vector<std::string>> apply_gateway(Socket& socket, const GatewayLink& wanted) {
    Changes changes;
    ASSIGN_OR_RETURN(const auto link, apply_link(socket, wanted, changes));
    for (const auto& apply : {apply_addresses, apply_neighbours, apply_routes}) {
        RETURN_IF_ERROR(apply(socket, wanted, link.index, changes));
    }
    return changes;
}

Result<void> remove_gateway_routes(Socket& socket) {
    ASSIGN_OR_RETURN(const auto present, routes_of_protocol(socket, kRouteProtocol));
    for (const auto& route : present) {
        RETURN_IF_ERROR(delete_route(socket, route));
    }
    return {};
}

} // namespace agent
