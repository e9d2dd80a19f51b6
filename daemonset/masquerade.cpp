#include "daemonset/masquerade.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <string_view>

namespace agent {
namespace {

using ipam::Family;
using ipam::Prefix;

/// The prefixes of this family without those that another one covers: an interval set refuses overlaps.
std::vector<Prefix> disjoint(std::vector<Prefix> prefixes, Family family) {
    std::erase_if(prefixes, [&](const Prefix& prefix) { return prefix.family() != family; });
    std::ranges::sort(prefixes); // an address's shorter prefix comes first, what it covers follows
    std::vector<Prefix> result;
    for (const auto& prefix : prefixes)
        if (result.empty() || !result.back().contains(prefix)) result.push_back(prefix);
    return result;
}

std::vector<Prefix> hosts(const std::vector<ipam::IpAddress>& addresses) {
    std::vector<Prefix> prefixes;
    prefixes.reserve(addresses.size());
    for (const auto& address : addresses) prefixes.push_back(Prefix::host(address));
    return prefixes;
}

std::string_view suffix(Family family) { return family == Family::IPv4 ? "4" : "6"; }
std::string_view header(Family family) { return family == Family::IPv4 ? "ip" : "ip6"; }

std::string address_set(std::string_view set_name, const std::vector<Prefix>& prefixes, Family family) {
    const auto members = disjoint(prefixes, family);
    const auto list = fmt::format("{}", fmt::join(members | std::views::transform(&Prefix::text), ", "));
    return fmt::format("  set {}{} {{\n    type {}\n    flags interval\n{}  }}\n", set_name, suffix(family),
                       family == Family::IPv4 ? "ipv4_addr" : "ipv6_addr",
                       members.empty() ? "" : fmt::format("    elements = {{ {} }}\n", list));
}

/// A rule for each family that drops packets of which `condition` holds and whose source is in the set.
std::string drop_rules(const std::string& condition, std::string_view source_set) {
    std::string text;
    for (const auto family : {Family::IPv4, Family::IPv6})
        text += fmt::format("    {} {} saddr @{}{} drop\n", condition, header(family), source_set, suffix(family));
    return text;
}

/// Before connection tracking, so that a forged packet leaves no trace. A local pod's packets come from the bridge;
/// what a local process sends to itself comes from lo.
std::string guard_chain(const std::string& bridge) {
    return "  chain guard {\n    type filter hook prerouting priority raw; policy accept;\n" +
           drop_rules(fmt::format(R"(iifname != {{ "lo", "{}" }})", bridge), "pods") + "  }\n";
}

/// The kernel refuses IPv4 packets that carry the host's own source address; for IPv6 it has no such check, and a pod's
/// own node may always reach it. Only forwarding is concerned: the host keeps talking to itself as it likes.
std::string guard_forward_chain(const std::string& bridge) {
    return "  chain guard_forward {\n    type filter hook forward priority filter; policy accept;\n" +
           drop_rules(fmt::format(R"(oifname "{}")", bridge), "own") + "  }\n";
}

/// What kube-proxy sent on to a node is translated also where masquerading is off: the node would answer a pod's
/// address through the tunnel, past the host that has to translate the answer back.
std::string outbound_chain(const HostRules& rules) {
    auto text = fmt::format("  chain outbound {{\n    type nat hook postrouting priority srcnat; policy accept;\n"
                            "    oifname \"{}\" return\n",
                            rules.bridge);
    for (const auto family : {Family::IPv4, Family::IPv6}) {
        const auto from_pods = fmt::format("{0} saddr @pods{1} {0} daddr", header(family), suffix(family));
        const auto cluster = fmt::format("@cluster{}", suffix(family));
        text += fmt::format("    ct status dnat {} {} masquerade fully-random\n", from_pods, cluster);
        if (rules.masquerade) text += fmt::format("    {} != {} masquerade fully-random\n", from_pods, cluster);
    }
    return text + "  }\n";
}

} // namespace

std::string ruleset(const HostRules& rules) {
    // Adding before deleting makes the deletion valid whether or not the table was there.
    auto text = fmt::format("add table {0}\ndelete table {0}\ntable {0} {{\n", kHostRulesTable);
    const auto own = hosts(rules.own_addresses);
    for (const auto family : {Family::IPv4, Family::IPv6}) {
        text += address_set("pods", rules.own_pods, family);
        text += address_set("own", own, family);
        text += address_set("cluster", rules.cluster, family);
    }
    text += guard_chain(rules.bridge) + guard_forward_chain(rules.bridge) + outbound_chain(rules);
    return text + "}\n";
}

ipam::Result<bool> HostRulesTable::install(const HostRules& rules) {
    auto text = ruleset(rules);
    if (text == installed_) return false;
    if (auto run = run_nftables(text); !run) return std::unexpected(run.error());
    installed_ = std::move(text);
    auto listing = list_nftables(kHostRulesTable);
    if (!listing) return std::unexpected(listing.error());
    listing_ = std::move(*listing);
    return true;
}

ipam::Result<bool> HostRulesTable::repair() {
    if (installed_.empty()) return false;
    auto listing = list_nftables(kHostRulesTable);
    if (!listing) return std::unexpected(listing.error());
    if (*listing == listing_) return false;
    if (auto run = run_nftables(installed_); !run) return std::unexpected(run.error());
    listing = list_nftables(kHostRulesTable);
    if (!listing) return std::unexpected(listing.error());
    listing_ = std::move(*listing);
    return true;
}

} // namespace agent
