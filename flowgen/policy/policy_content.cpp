#include "flowgen/policy/policy_content.h"

#include "flowgen/state/identity.h"

#include <algorithm>

namespace flowgen {
namespace {

std::string canonical(const LabelSelector& selector) {
    std::string out = "{";
    for (const auto& [key, value] : selector.match_labels) out += key + "=" + value + ",";
    for (const auto& requirement : selector.match_expressions) {
        out += requirement.key + "~" + std::to_string(static_cast<int>(requirement.op)) + "(";
        for (const auto& value : requirement.values) out += value + ",";
        out += ")";
    }
    return out + "}";
}

std::string canonical(const PolicyPeer& peer) {
    std::string out = "peer";
    if (peer.ip_block) {
        out += " " + peer.ip_block->cidr.text();
        for (const auto& hole : peer.ip_block->except) out += "-" + hole.text();
    }
    if (peer.namespace_selector) out += " namespaces" + canonical(*peer.namespace_selector);
    if (peer.pod_selector) out += " pods" + canonical(*peer.pod_selector);
    return out;
}

std::string canonical(const PolicyPort& port) {
    std::string out = "port " + std::to_string(static_cast<int>(port.protocol));
    if (const auto* number = std::get_if<std::uint16_t>(&port.port)) out += " " + std::to_string(*number);
    if (const auto* name = std::get_if<std::string>(&port.port)) out += " '" + *name;
    if (port.end_port) out += "-" + std::to_string(*port.end_port);
    return out;
}

/// Sorted, so that a list written in another order is the same rule.
template <typename List> std::string canonical_list(const List& list) {
    std::vector<std::string> lines;
    for (const auto& item : list) lines.push_back(canonical(item));
    std::ranges::sort(lines);
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
}

} // namespace

std::uint64_t content_of(const NetworkPolicy& policy, Direction direction, const PolicyRule& rule,
                         std::optional<std::pair<Protocol, std::uint16_t>> resolved) {
    std::string out = direction == Direction::Ingress ? "ingress " : "egress ";
    out += policy.id.namespace_ + canonical(policy.pod_selector) + "\n" + canonical_list(rule.peers) +
           canonical_list(rule.ports);
    if (resolved)
        out += "resolved " + std::to_string(static_cast<int>(resolved->first)) + " " + std::to_string(resolved->second);
    return truncated_sha256(out, 64);
}

} // namespace flowgen
