#include "daemonset/host/address_set.h"

#include "words/list.h"

#include <fmt/format.h>

#include <algorithm>

namespace agent {
namespace {

using ipam::Family;
using ipam::Prefix;

/// The prefixes of this family except those that another one covers: an interval set refuses
/// overlaps.
std::vector<Prefix> disjoint(std::vector<Prefix> prefixes, Family family) {
    std::erase_if(prefixes, [&](const Prefix& prefix) { return prefix.family() != family; });
    std::ranges::sort(prefixes); // a shorter prefix comes before the prefixes that it covers
    std::vector<Prefix> result;
    for (const auto& prefix : prefixes)
        if (result.empty() || !result.back().contains(prefix)) result.push_back(prefix);
    return result;
}

} // namespace

std::string_view suffix(Family family) { return family == Family::IPv4 ? "4" : "6"; }
std::string_view header(Family family) { return family == Family::IPv4 ? "ip" : "ip6"; }

std::string address_set(std::string_view set_name, const std::vector<Prefix>& prefixes, Family family) {
    const auto members = disjoint(prefixes, family);
    return fmt::format("  set {}{} {{\n    type {}\n    flags interval\n{}  }}\n", set_name, suffix(family),
                       family == Family::IPv4 ? "ipv4_addr" : "ipv6_addr",
                       members.empty() ? ""
                                       : fmt::format("    elements = {{ {} }}\n", words::join(members, &Prefix::text)));
}

} // namespace agent
