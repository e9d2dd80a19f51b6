#include "daemonset/host/egress_rules.h"

#include "daemonset/host/address_set.h"
#include "flowgen/state/identity.h"
#include "words/list.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

namespace agent {
namespace {

using flowgen::AddressRange;
using flowgen::Destinations;
using flowgen::HostPolicy;
using flowgen::Protocol;
using ipam::Family;

constexpr std::array kFamilies{Family::IPv4, Family::IPv6};

std::string_view protocol_name(Protocol protocol) {
    return protocol == Protocol::TCP ? "tcp" : protocol == Protocol::UDP ? "udp" : "sctp";
}

/// As a prefix, if it is one.
std::string text(const AddressRange& range) {
    for (int length = ipam::width(range.first.family); length >= 0; --length) {
        const auto prefix = ipam::Prefix::covering(range.first, length);
        if (prefix.first() != range.first) break;
        if (prefix.last() == range.last)
            return length == ipam::width(range.first.family) ? range.first.text() : prefix.text();
    }
    return range.first.text() + "-" + range.last.text();
}

std::string text(const flowgen::PortsAt& entry) {
    const auto& [addresses, ports] = entry;
    const auto numbers =
        ports.first == ports.last ? fmt::format("{}", ports.first) : fmt::format("{}-{}", ports.first, ports.last);
    return fmt::format("{} . {} . {}", text(addresses), protocol_name(ports.protocol), numbers);
}

/// What pods with the same rules may reach, as the pieces of one family.
struct Pieces {
    std::vector<std::string> any_traffic;
    std::vector<std::string> ports;
};

Pieces pieces(const Destinations& destinations, Family family) {
    Pieces out;
    for (const auto& range : destinations.any_traffic)
        if (range.first.family == family) out.any_traffic.push_back(text(range));
    for (const auto& entry : destinations.ports)
        if (entry.addresses.first.family == family) out.ports.push_back(text(entry));
    return out;
}

/// 64 bits of the allowed traffic's hash, in hexadecimal.
std::string hash(const Destinations& destinations) {
    std::string all;
    for (const auto& range : destinations.any_traffic) all += text(range) + "\n";
    for (const auto& entry : destinations.ports) all += text(entry) + "\n";
    return fmt::format("{:016x}", flowgen::truncated_sha256(all, 64));
}

std::string set(const std::string& name, std::string_view type, const std::vector<std::string>& members) {
    return fmt::format("  set {} {{\n    type {}\n    flags interval\n    elements = {{ {} }}\n  }}\n", name, type,
                       words::join(members));
}

/// The sets and the two chains of one entry of the policy.
std::string chains_of(const Destinations& destinations) {
    const auto id = hash(destinations);
    std::string sets;
    std::string requests;
    std::string replies;
    for (const auto family : kFamilies) {
        const auto [any_traffic, ports] = pieces(destinations, family);
        const auto address = family == Family::IPv4 ? "ipv4_addr" : "ipv6_addr";
        const auto rule = [&](std::string_view end, std::string_view rest, const std::string& name) {
            return fmt::format("    {} {}addr{} @{} return\n", header(family), end, rest, name);
        };
        if (!any_traffic.empty()) {
            const auto name = fmt::format("any{}_{}", suffix(family), id);
            sets += set(name, address, any_traffic);
            requests += rule("d", "", name);
            replies += rule("s", "", name);
        }
        if (!ports.empty()) {
            const auto name = fmt::format("ports{}_{}", suffix(family), id);
            sets += set(name, fmt::format("{} . inet_proto . inet_service", address), ports);
            requests += rule("d", " . meta l4proto . th dport", name);
            replies += rule("s", " . meta l4proto . th sport", name);
        }
    }
    return fmt::format("{0}  chain replies_{1} {{\n{2}    counter drop\n  }}\n"
                       "  chain egress_{1} {{\n    ct direction reply goto replies_{1}\n{3}    counter drop\n  }}\n",
                       sets, id, replies, requests);
}

/// By address, the hash of what its pod may reach.
std::map<ipam::IpAddress, std::string> chains_by_address(const HostPolicy& policy) {
    std::map<ipam::IpAddress, std::string> out;
    for (const auto& [destinations, addresses] : policy.isolated) {
        const auto id = hash(destinations);
        for (const auto& address : addresses) out.emplace(address, id);
    }
    return out;
}

std::string isolated_map(const std::map<ipam::IpAddress, std::string>& chains, Family family) {
    std::vector<std::string> members;
    for (const auto& [address, id] : chains)
        if (address.family == family) members.push_back(fmt::format("{} : goto egress_{}", address.text(), id));
    return fmt::format("  map isolated{} {{\n    type {} : verdict\n{}  }}\n", suffix(family),
                       family == Family::IPv4 ? "ipv4_addr" : "ipv6_addr",
                       members.empty() ? "" : fmt::format("    elements = {{ {} }}\n", words::join(members)));
}

/// Where packets are evaluated. A packet that came from the bridge and goes back to it is evaluated
/// there.
std::string hooks(const std::string& bridge) {
    std::string unserved; // not translated, so it would leave with a service address
    for (const auto family : kFamilies)
        unserved += fmt::format("    iifname \"{0}\" {1} daddr @services{2} {1} saddr vmap @isolated{2}\n", bridge,
                                header(family), suffix(family));
    return fmt::format("  chain egress_forward {{\n    type filter hook forward priority filter; policy accept;\n"
                       "    iifname \"{0}\" oifname \"{0}\" accept\n"
                       "    iifname \"{0}\" ct status dnat jump isolated\n"
                       "    oifname \"{0}\" ct status dnat jump isolated\n{1}  }}\n"
                       "  chain egress_input {{\n    type filter hook input priority filter; policy accept;\n"
                       "    iifname \"{0}\" ct status dnat jump isolated\n  }}\n"
                       "  chain egress_output {{\n    type filter hook output priority filter; policy accept;\n"
                       "    oifname \"{0}\" ct status dnat jump isolated\n  }}\n",
                       bridge, unserved);
}

} // namespace

std::string egress_chains(const std::string& bridge, const HostPolicy& policy) {
    std::string out;
    for (const auto& [destinations, addresses] : policy.isolated) out += chains_of(destinations);
    const auto chains = chains_by_address(policy);
    for (const auto family : kFamilies) {
        out += address_set("services", policy.service_ranges, family);
        out += isolated_map(chains, family);
    }
    // An ICMP error has the ports of its connection only in its payload; the bridge lets ICMP
    // errors of pods pass as well.
    out += "  chain isolated {\n    ct state related meta l4proto { icmp, ipv6-icmp } return\n"
           "    ct original ip saddr vmap @isolated4\n    ct original ip6 saddr vmap @isolated6\n  }\n";
    return out + hooks(bridge);
}

std::string egress_change(const std::string& table, const HostPolicy& before, const HostPolicy& after) {
    std::string added;
    std::string removed;
    for (const auto& [destinations, addresses] : after.isolated)
        if (!before.isolated.contains(destinations)) added += chains_of(destinations);
    for (const auto& [destinations, addresses] : before.isolated) {
        if (after.isolated.contains(destinations)) continue;
        const auto id = hash(destinations);
        removed += fmt::format("delete chain {0} egress_{1}\ndelete chain {0} replies_{1}\n", table, id);
        for (const auto family : kFamilies) {
            const auto [any_traffic, ports] = pieces(destinations, family);
            if (!any_traffic.empty()) removed += fmt::format("delete set {} any{}_{}\n", table, suffix(family), id);
            if (!ports.empty()) removed += fmt::format("delete set {} ports{}_{}\n", table, suffix(family), id);
        }
    }
    const auto old_chains = chains_by_address(before);
    const auto new_chains = chains_by_address(after);
    std::string elements;
    for (const auto& [address, id] : old_chains) {
        const auto now = new_chains.find(address);
        if (now == new_chains.end() || now->second != id)
            elements +=
                fmt::format("delete element {} isolated{} {{ {} }}\n", table, suffix(address.family), address.text());
    }
    for (const auto& [address, id] : new_chains) {
        const auto then = old_chains.find(address);
        if (then == old_chains.end() || then->second != id)
            elements += fmt::format("add element {} isolated{} {{ {} : goto egress_{} }}\n", table,
                                    suffix(address.family), address.text(), id);
    }
    return (added.empty() ? "" : fmt::format("table {} {{\n{}}}\n", table, added)) + elements + removed;
}

} // namespace agent
