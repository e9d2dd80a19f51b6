#include "daemonset/masquerade.h"

#include <algorithm>

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
    for (const auto& address : addresses) prefixes.push_back(Prefix::host(address));
    return prefixes;
}

std::string_view suffix(Family family) { return family == Family::IPv4 ? "4" : "6"; }
std::string_view header(Family family) { return family == Family::IPv4 ? "ip" : "ip6"; }

std::string address_set(std::string_view set_name, const std::vector<Prefix>& prefixes, Family family) {
    std::string text = "  set " + std::string(set_name) + std::string(suffix(family)) + " {\n    type " +
                       (family == Family::IPv4 ? "ipv4_addr" : "ipv6_addr") + "\n    flags interval\n";
    const auto members = disjoint(prefixes, family);
    if (!members.empty()) {
        text += "    elements = { ";
        for (const auto& member : members) text += (&member == &members.front() ? "" : ", ") + member.text();
        text += " }\n";
    }
    return text + "  }\n";
}

/// `rule` once for each family, with "ip" standing for the header and a set's name without its digit for the set.
std::string for_both(std::string_view before, std::string_view source_set, std::string_view after) {
    std::string text;
    for (const auto family : {Family::IPv4, Family::IPv6})
        text += "    " + std::string(before) + std::string(header(family)) + " saddr @" + std::string(source_set) +
                std::string(suffix(family)) + std::string(after) + "\n";
    return text;
}

std::string outbound_chain(const std::string& bridge) {
    std::string text = "  chain outbound {\n    type nat hook postrouting priority srcnat; policy accept;\n"
                       "    oifname \"" +
                       bridge + "\" return\n";
    for (const auto family : {Family::IPv4, Family::IPv6}) {
        const std::string ip(header(family)), digit(suffix(family));
        text += "    " + ip + " saddr @pods" + digit + " " + ip + " daddr != @cluster" + digit +
                " masquerade fully-random\n";
    }
    return text + "  }\n";
}

} // namespace

std::string ruleset(const HostRules& rules) {
    // Adding before deleting makes the deletion valid whether or not the table was there.
    const std::string table(kHostRulesTable);
    std::string text = "add table " + table + "\ndelete table " + table + "\ntable " + table + " {\n";
    const auto own = hosts(rules.own_addresses);
    for (const auto family : {Family::IPv4, Family::IPv6}) {
        text += address_set("pods", rules.own_pods, family);
        text += address_set("own", own, family);
        if (rules.masquerade) text += address_set("cluster", rules.cluster, family);
    }
    // Before connection tracking, so that a forged packet leaves no trace. A local pod's packets come from the bridge;
    // what a local process sends to itself comes from lo.
    text += "  chain guard {\n    type filter hook prerouting priority raw; policy accept;\n" +
            for_both("iifname != { \"lo\", \"" + rules.bridge + "\" } ", "pods", " drop") + "  }\n";
    // The kernel refuses IPv4 packets that carry the host's own source address; for IPv6 it has no such check, and a
    // pod's own node may always reach it. Only forwarding is concerned: the host keeps talking to itself as it likes.
    text += "  chain guard_forward {\n    type filter hook forward priority filter; policy accept;\n" +
            for_both("oifname \"" + rules.bridge + "\" ", "own", " drop") + "  }\n";
    if (rules.masquerade) text += outbound_chain(rules.bridge);
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
