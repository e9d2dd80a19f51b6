#include "daemonset/host/host_rules.h"

#include "daemonset/host/address_set.h"
#include "daemonset/host/egress_rules.h"

#include <fmt/format.h>

#include <string_view>

namespace agent {
namespace {

using ipam::Family;
using ipam::Prefix;

std::vector<Prefix> hosts(const std::vector<ipam::IpAddress>& addresses) {
    std::vector<Prefix> prefixes;
    prefixes.reserve(addresses.size());
    for (const auto& address : addresses) prefixes.push_back(Prefix::host(address));
    return prefixes;
}

/// A rule for each family that drops packets that meet `condition` and whose source is in the set.
std::string drop_rules(const std::string& condition, std::string_view source_set) {
    std::string text;
    for (const auto family : {Family::IPv4, Family::IPv6})
        text += fmt::format("    {} {} saddr @{}{} drop\n", condition, header(family), source_set, suffix(family));
    return text;
}

/// Before connection tracking, so that a forged packet leaves no trace. A local pod's packets come
/// from the bridge; packets of a local process to itself come from lo.
std::string guard_chain(const std::string& bridge) {
    return "  chain guard {\n    type filter hook prerouting priority raw; policy accept;\n" +
           drop_rules(fmt::format(R"(iifname != {{ "lo", "{}" }})", bridge), "pods") + "  }\n";
}

/// The kernel refuses IPv4 packets that carry the host's own source address. It has no such check
/// for IPv6, and a pod's own node may always reach it. Only forwarding is affected: the host can
/// still talk to itself.
std::string guard_forward_chain(const std::string& bridge) {
    return "  chain guard_forward {\n    type filter hook forward priority filter; policy accept;\n" +
           drop_rules(fmt::format(R"(oifname "{}")", bridge), "own") + "  }\n";
}

/// Packets that kube-proxy sends on to a node are translated even if masquerading is off: the node
/// would answer a pod's address through the tunnel, past the host that has to translate the answer
/// back.
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
    // Adding before deleting makes the deletion valid whether or not the table exists.
    auto text = fmt::format("add table {0}\ndelete table {0}\ntable {0} {{\n", kHostRulesTable);
    const auto own = hosts(rules.own_addresses);
    for (const auto family : {Family::IPv4, Family::IPv6}) {
        text += address_set("pods", rules.own_pods, family);
        text += address_set("own", own, family);
        text += address_set("cluster", rules.cluster, family);
    }
    text += guard_chain(rules.bridge) + guard_forward_chain(rules.bridge) + egress_chains(rules.bridge, rules.policy);
    text += outbound_chain(rules);
    return text + "}\n";
}

outcome::Result<bool> HostRulesTable::install(const HostRules& rules) {
    if (installed_ == rules) return false;
    if (installed_) {
        auto otherwise_same = *installed_;
        otherwise_same.policy.isolated = rules.policy.isolated;
        // Refused if another component has changed the table since; then it is replaced.
        if (otherwise_same == rules && run_nftables(egress_change(kHostRulesTable, installed_->policy, rules.policy))) {
            installed_ = rules;
            listing_.reset();
            return true;
        }
    }
    RETURN_IF_ERROR(replace(rules));
    return true;
}

outcome::Result<bool> HostRulesTable::repair() {
    if (!installed_) return false;
    if (listing_) {
        ASSIGN_OR_RETURN(const auto listing, list_nftables(kHostRulesTable));
        if (listing == *listing_) return false;
    }
    const bool known = listing_.has_value();
    RETURN_IF_ERROR(replace(HostRules(*installed_)));
    return known;
}

outcome::Result<void> HostRulesTable::replace(const HostRules& rules) {
    RETURN_IF_ERROR(run_nftables(ruleset(rules)));
    installed_ = rules;
    listing_.reset();
    ASSIGN_OR_RETURN(auto listing, list_nftables(kHostRulesTable));
    listing_ = std::move(listing);
    return {};
}

} // namespace agent
