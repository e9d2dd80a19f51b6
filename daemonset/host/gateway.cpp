#include "daemonset/host/gateway.h"

#include "daemonset/host/sysctl.h"
#include "flowgen/flow/pipeline.h"
#include "flowgen/state/identity.h"
#include "ipam/allocator.h"

#include <algorithm>
#include <set>

namespace agent {
namespace {

using ipam::Family;
using outcome::Result;

/// The kernel uses the larger of the values of "all" and of the link; 1 is strict.
Result<bool> filters_strictly(const std::filesystem::path& folder, const std::string& link) {
    ASSIGN_OR_RETURN(const auto everywhere, read_sysctl(folder, "ipv4/conf/all/rp_filter"));
    ASSIGN_OR_RETURN(const auto here, read_sysctl(folder, "ipv4/conf/" + link + "/rp_filter"));
    return std::max(everywhere, here) == "1";
}

Result<std::vector<Sysctl>> ipv4_settings(const std::filesystem::path& folder, const GatewayLink& gateway,
                                          const std::string& underlay_link) {
    std::vector<Sysctl> needed{{"ipv4/ip_forward", "1"}, {"ipv4/conf/" + gateway.interface + "/forwarding", "1"}};
    ASSIGN_OR_RETURN(const auto strict, filters_strictly(folder, underlay_link));
    if (strict) needed.push_back({"ipv4/conf/" + underlay_link + "/rp_filter", "2"});
    return needed;
}

/// IPv6 forwards for the whole host or not at all. A host that forwards ignores router
/// advertisements unless configured otherwise, and would lose its default route.
Result<std::vector<Sysctl>> ipv6_settings(const std::filesystem::path& folder, const GatewayLink& gateway,
                                          const std::string& underlay_link) {
    std::vector<Sysctl> needed;
    ASSIGN_OR_RETURN(const auto advertisements, read_sysctl(folder, "ipv6/conf/" + underlay_link + "/accept_ra"));
    ASSIGN_OR_RETURN(const auto forwarding, read_sysctl(folder, "ipv6/conf/all/forwarding"));
    if (forwarding == "0" && advertisements == "1")
        needed.push_back({"ipv6/conf/" + underlay_link + "/accept_ra", "2"});
    needed.push_back({"ipv6/conf/" + gateway.interface + "/disable_ipv6", "0"});
    needed.push_back({"ipv6/conf/all/forwarding", "1"});
    return needed;
}

} // namespace

ipam::MacAddress gateway_mac(const std::string& node) {
    const auto hash = flowgen::truncated_sha256(node, 40);
    ipam::MacAddress mac{{0x0a, 0, 0, 0, 0, 0}};
    for (int i = 0; i < 5; ++i) mac.bytes[static_cast<std::size_t>(5 - i)] = static_cast<std::uint8_t>(hash >> (8 * i));
    return mac;
}

Result<GatewayLink> gateway_link(const flowgen::ClusterState& state, const std::string& node, const std::string& bridge,
                                 int mtu) {
    const auto own = state.nodes.find(node);
    if (own == state.nodes.end()) return outcome::fail("there is no Node object \"" + node + "\"");
    GatewayLink gateway{.interface = bridge,
                        .mac = gateway_mac(node),
                        .mtu = mtu,
                        .addresses = {},
                        .routers = {},
                        .router_mac = flowgen::kRouterMac,
                        .destinations = {}};
    for (const auto family : {Family::IPv4, Family::IPv6}) {
        const auto range = std::ranges::find(own->second.pod_cidrs, family, &ipam::Prefix::family);
        if (range == own->second.pod_cidrs.end()) continue;
        gateway.addresses.push_back(ipam::gateway_address(*range));
        gateway.routers.push_back(family == Family::IPv4 ? flowgen::kRouterIpv4 : flowgen::kRouterIpv6);
    }
    if (gateway.addresses.empty()) return outcome::fail("the Node object \"" + node + "\" has no podCIDR");
    std::set<ipam::Prefix> destinations;
    for (const auto& [name, other] : state.nodes) destinations.insert(other.pod_cidrs.begin(), other.pod_cidrs.end());
    gateway.destinations.assign(destinations.begin(), destinations.end());
    return gateway;
}

Result<std::vector<std::string>> allow_forwarding(const std::filesystem::path& folder, const GatewayLink& gateway,
                                                  const std::string& underlay_link) {
    std::vector<std::string> changes;
    for (const auto& address : gateway.addresses) {
        ASSIGN_OR_RETURN(auto needed, address.family == Family::IPv4 ? ipv4_settings(folder, gateway, underlay_link)
                                                                     : ipv6_settings(folder, gateway, underlay_link));
        ASSIGN_OR_RETURN(auto written, ensure_sysctls(folder, needed));
        for (const auto& setting : written) changes.push_back(setting.path + " = " + setting.value);
    }
    return changes;
}

} // namespace agent
