#include "ovs-cni/sandbox.h"

#include "ovs-cni/netlink/interface_address.h"
#include "ovs-cni/netlink/interface_setting.h"
#include "ovs-cni/netlink/link.h"
#include "ovs-cni/netlink/neighbour.h"
#include "ovs-cni/netlink/route.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <functional>

namespace ovs_cni {
namespace {

using ipam::Family;
using outcome::fail;
using outcome::Result;

/// Routes in the sandbox count as set by an administrator: nothing but a restart of the pod removes
/// them.
constexpr std::uint8_t kSandboxRouteProtocol = RTPROT_BOOT;

/// Whether a member of `range`, seen through `projection`, is `wanted`.
template <typename Range, typename Wanted, typename Projection = std::identity>
bool contains(const Range& range, const Wanted& wanted, Projection projection = {}) {
    return std::ranges::find(range, wanted, projection) != std::ranges::end(range);
}

bool has_family(const std::vector<ipam::IpAddress>& addresses, Family family) {
    return contains(addresses, family, &ipam::IpAddress::family);
}

Result<void> set_by_name(Sandbox& sandbox, const std::string& interface, const AddResponse& response) {
    const bool with_ipv6 = has_family(response.addresses, Family::IPv6);
    if (!with_ipv6 && response.checksum_offload) return {};
    ASSIGN_OR_RETURN([[maybe_unused]] const auto inside, netlink::EnteredNamespace::enter(sandbox.network_namespace));
    if (with_ipv6) {
        RETURN_IF_ERROR(netlink::enable_ipv6(interface));
    }
    if (!response.checksum_offload) return netlink::disable_checksum_offload(interface);
    return {};
}

Result<std::vector<ResultRoute>> set_routes(Sandbox& sandbox, int link, const AddResponse& response) {
    std::vector<ResultRoute> set;
    for (const auto& router : response.gateways) {
        RETURN_IF_ERROR(netlink::replace_neighbour(sandbox.socket, {router, response.router_mac, link}));
        const netlink::Route to_router{ipam::Prefix::host(router), {}, link, {}, response.mtu, kSandboxRouteProtocol};
        // fe80::1 is always on the link; 169.254.1.1 needs a route that makes it so.
        if (router.family == Family::IPv4) {
            RETURN_IF_ERROR(netlink::replace_route(sandbox.socket, to_router));
        }
        const ipam::Prefix everything{{router.family, 0}, 0};
        const netlink::Route by_default{everything, router, link, {}, response.mtu, kSandboxRouteProtocol};
        ASSIGN_OR_RETURN(const auto added, netlink::add_route(sandbox.socket, by_default));
        if (added) set.push_back({everything, router, response.mtu});
    }
    return set;
}

void compare_link(const netlink::Link& link, const ResultInterface& expected, std::vector<std::string>& differences) {
    const std::string who = "interface " + link.name + " in the sandbox: ";
    if (!link.up) differences.push_back(who + "it is down");
    if (!expected.mac.empty() && link.mac.text() != expected.mac)
        differences.push_back(who + "its MAC is " + link.mac.text() + " instead of " + expected.mac);
    if (expected.mtu != 0 && link.mtu != expected.mtu)
        differences.push_back(who + "its MTU is " + std::to_string(link.mtu) + " instead of " +
                              std::to_string(expected.mtu));
}

Result<void> compare_addresses(Sandbox& sandbox, int link, const std::vector<ResultAddress>& expected,
                               std::vector<std::string>& differences) {
    ASSIGN_OR_RETURN(const auto present, netlink::addresses_of(sandbox.socket, link));
    for (const auto& [address, length, gateway, interface] : expected) {
        const netlink::InterfaceAddress wanted{address, length, link, true};
        if (!contains(present, wanted)) differences.push_back("address " + wanted.text() + " is missing");
    }
    return {};
}

Result<void> compare_routes(Sandbox& sandbox, int link, const AttachmentResult& expected,
                            std::vector<std::string>& differences) {
    ASSIGN_OR_RETURN(const auto present, netlink::routes_over(sandbox.socket, link));
    ASSIGN_OR_RETURN(const auto neighbours, netlink::permanent_neighbours(sandbox.socket, link));
    for (const auto& wanted : expected.routes) {
        const auto same = [&](const netlink::Route& route) {
            return route.destination == wanted.destination && (!wanted.gateway || route.gateway == wanted.gateway) &&
                   (wanted.mtu == 0 || route.mtu == wanted.mtu);
        };
        if (std::ranges::none_of(present, same))
            differences.push_back("route " +
                                  netlink::Route{wanted.destination, wanted.gateway, link, {}, wanted.mtu, 0}.text() +
                                  " is missing");
    }
    for (const auto& [address, length, gateway, interface] : expected.addresses) {
        if (gateway && !contains(neighbours, *gateway, &netlink::Neighbour::address))
            differences.push_back("neighbour entry of the gateway " + gateway->text() + " is missing");
    }
    return {};
}

} // namespace

Result<Sandbox> open_sandbox(const std::string& path) {
    ASSIGN_OR_RETURN(auto sandbox, netlink::NetworkNamespace::open(path));
    ASSIGN_OR_RETURN(const auto host, netlink::NetworkNamespace::current());
    if (sandbox.same_as(host)) return fail(path + " is the host's own network namespace, not a pod's");
    ASSIGN_OR_RETURN(auto socket, netlink::Socket::open_in(sandbox));
    return Sandbox{std::move(sandbox), std::move(socket)};
}

Result<void> raise_interfaces(Sandbox& sandbox, const std::string& interface) {
    for (const auto& name : {std::string("lo"), interface}) {
        RETURN_IF_ERROR(netlink::set_link(sandbox.socket, name, {.mac = {}, .mtu = {}, .up = true}));
    }
    return {};
}

Result<std::vector<ResultRoute>> configure_sandbox(Sandbox& sandbox, const std::string& interface,
                                                   const AddResponse& response) {
    ASSIGN_OR_RETURN(const auto link, netlink::find_link(sandbox.socket, interface));
    if (!link) return fail("the interface " + interface + " has disappeared from the sandbox");
    const int index = link->index;
    RETURN_IF_ERROR(netlink::set_link(sandbox.socket, interface, {.mac = {}, .mtu = response.mtu, .up = {}}));
    RETURN_IF_ERROR(set_by_name(sandbox, interface, response));
    for (const auto& address : response.addresses) {
        const netlink::InterfaceAddress alone{address, ipam::width(address.family), index, true};
        RETURN_IF_ERROR(netlink::add_address(sandbox.socket, alone));
    }
    return set_routes(sandbox, index, response);
}

Result<std::vector<std::string>> sandbox_differences(Sandbox& sandbox, const std::string& interface,
                                                     const AttachmentResult& expected) {
    ASSIGN_OR_RETURN(const auto link, netlink::find_link(sandbox.socket, interface));
    if (!link) return std::vector<std::string>{"interface " + interface + " is missing from the sandbox"};
    std::vector<std::string> differences;
    AttachmentResult ours{{}, {}, expected.routes};
    for (int i = 0; const auto& candidate : expected.interfaces) {
        if (candidate.name == interface && !candidate.sandbox.empty()) {
            compare_link(*link, candidate, differences);
            std::ranges::copy_if(expected.addresses, std::back_inserter(ours.addresses),
                                 [&](const ResultAddress& address) { return address.interface == i; });
        }
        ++i;
    }
    RETURN_IF_ERROR(compare_addresses(sandbox, link->index, ours.addresses, differences));
    RETURN_IF_ERROR(compare_routes(sandbox, link->index, ours, differences));
    return differences;
}

} // namespace ovs_cni
