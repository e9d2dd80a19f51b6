#include "daemonset/health/obstacle.h"

#include "daemonset/host/underlay.h"
#include "words/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace agent {
namespace {

using ipam::Prefix;

/// How many pods are named; the others are counted.
constexpr std::size_t kNamed = 3;

/// The other user of this PodCIDR of `own`, in words; empty when there is none.
std::string other_user(const flowgen::ClusterState& state, const flowgen::Node& own, const Prefix& cidr) {
    for (const auto& [name, other] : state.nodes) {
        if (name == own.name) break; // later nodes yield to it
        for (const auto& theirs : other.pod_cidrs)
            if (cidr.overlaps(theirs)) return theirs.text() + " of node " + name;
    }
    for (const auto& range : state.service_cidrs)
        if (cidr.overlaps(range)) return "the Services' range " + range.text();
    return {};
}

bool is_outside(const ipam::IpAddress& address, std::span<const Prefix> pod_cidrs) {
    return std::ranges::none_of(pod_cidrs, [&](const Prefix& cidr) { return cidr.contains(address); });
}

/// "shop/web (10.244.1.5)"; without a pod, its container.
std::string describe(const AttachmentRecord& record) {
    const auto name = record.pod ? text(*record.pod) : "container " + text(record.key);
    return name + " (" + words::join(record.addresses, &ipam::IpAddress::text) + ")";
}

} // namespace

std::optional<Obstacle> node_obstacle(const flowgen::ClusterState& state, const std::string& node) {
    const auto own = state.nodes.find(node);
    if (own == state.nodes.end())
        return Obstacle{Cause::NodeMissing, fmt::format("there is no Node object \"{}\"", node)};
    if (own->second.pod_cidrs.empty())
        return Obstacle{Cause::NoPodCidr, fmt::format("the Node object \"{}\" has no podCIDR: let the controller "
                                                      "manager allocate one, or set spec.podCIDRs",
                                                      node)};
    for (const auto& cidr : own->second.pod_cidrs)
        if (const auto user = other_user(state, own->second, cidr); !user.empty())
            return Obstacle{Cause::PodCidrConflict,
                            fmt::format("the podCIDR {} of node {} overlaps {}: delete the Node object that has the "
                                        "wrong one, and let it register again",
                                        cidr.text(), node, user)};
    return std::nullopt;
}

std::optional<Obstacle> mtu_obstacle(const HostView& host, std::span<const Prefix> pod_cidrs) {
    const bool has_ipv6 =
        std::ranges::any_of(pod_cidrs, [](const Prefix& cidr) { return cidr.family() == ipam::Family::IPv6; });
    const int needed = std::max(host.mtu, has_ipv6 ? kMinMtuIpv6 : kMinMtuIpv4);
    const int overhead = tunnel_overhead(host.underlay.address.family);
    if (host.underlay.mtu - overhead >= needed) return std::nullopt;
    return Obstacle{Cause::UnderlayMtuTooSmall,
                    fmt::format("the underlay {} has an MTU of {}, which leaves pods {} bytes, but they need {}: raise "
                                "it to at least {}",
                                host.underlay.link, host.underlay.mtu, std::max(host.underlay.mtu - overhead, 0),
                                needed, needed + overhead)};
}

std::optional<Obstacle> address_obstacle(const std::map<std::string, AttachmentRecord>& records,
                                         std::span<const Prefix> pod_cidrs) {
    std::vector<std::string> outside;
    for (const auto& [port, record] : records) {
        if (record.ofport == 0) continue; // the interface is gone, and its addresses are not in use
        const auto is_wrong = [&](const auto& address) { return is_outside(address, pod_cidrs); };
        if (std::ranges::any_of(record.addresses, is_wrong)) outside.push_back(describe(record));
    }
    if (outside.empty()) return std::nullopt;
    std::ranges::sort(outside); // port names come from container ids, which mean nothing to people
    const auto count = outside.size();
    return Obstacle{Cause::AddressOutsidePodCidr,
                    fmt::format("{} {} outside the node's podCIDRs ({}), where other nodes do not reach {}: {}; "
                                "delete {}",
                                count, count == 1 ? "pod has an address" : "pods have addresses",
                                words::join(pod_cidrs, &Prefix::text), count == 1 ? "it" : "them",
                                words::some_of(outside, kNamed), count == 1 ? "it" : "them")};
}

} // namespace agent
