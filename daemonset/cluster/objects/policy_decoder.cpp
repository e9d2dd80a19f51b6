// NetworkPolicy of networking.k8s.io/v1. Source: its API reference and the API server's ValidateNetworkPolicySpec.
#include "daemonset/cluster/objects/kind_decoders.h"
#include "daemonset/cluster/objects/name_syntax.h"
#include "words/list.h"

#include <utility>

namespace agent::cluster {
namespace {

std::optional<flowgen::IpBlock> decode_ip_block(const Field& field) {
    const auto cidr = decode_cidr(field["cidr"]);
    flowgen::IpBlock block;
    if (cidr) block.cidr = *cidr;
    for (const Field& entry : field["except"].items()) {
        const auto except = decode_cidr(entry);
        if (!except || !cidr) continue;
        if (except->length <= cidr->length || !cidr->contains(*except))
            entry.refuse_value("is not inside cidr " + cidr->text() + ": it must be a smaller block within it");
        block.except.push_back(*except);
    }
    return cidr ? std::optional(std::move(block)) : std::nullopt;
}

flowgen::PolicyPeer decode_peer(const Field& field) {
    flowgen::PolicyPeer peer;
    const Field pods = field["podSelector"];
    const Field namespaces = field["namespaceSelector"];
    const Field block = field["ipBlock"];
    if (pods.present()) peer.pod_selector = decode_selector(pods);
    if (namespaces.present()) peer.namespace_selector = decode_selector(namespaces);
    if (block.present()) peer.ip_block = decode_ip_block(block);
    if (block.present() && (pods.present() || namespaces.present()))
        block.refuse("cannot be combined with podSelector or namespaceSelector: make it a peer of its own");
    if (!block.present() && !pods.present() && !namespaces.present())
        field.refuse("names no peer: podSelector, namespaceSelector or ipBlock is required");
    return peer;
}

flowgen::PolicyPort decode_policy_port(const Field& field) {
    flowgen::PolicyPort port;
    port.protocol = decode_protocol(field["protocol"]);
    const Field number = field["port"];
    const Field end = field["endPort"];
    if (number.is_text()) {
        const std::string name = number.text();
        port.port = name;
        if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos)
            number.refuse_value("is a name because of its quotes, and not a valid one: remove the quotes for a number");
        else if (const auto wrong = port_name_fault(name); !wrong.empty())
            number.refuse_value(wrong);
    } else if (number.present()) {
        port.port = number.port();
    }
    if (!end.present()) return port;
    const auto first = std::holds_alternative<std::uint16_t>(port.port) ? std::get<std::uint16_t>(port.port) : 0;
    const std::uint16_t last = end.port();
    port.end_port = last;
    if (!number.present()) end.refuse_value("needs a port to start from");
    if (number.is_text()) end.refuse_value("cannot follow a port name: port must be a number");
    if (last != 0 && first > last) end.refuse_value("is below port " + std::to_string(first));
    return port;
}

/// `peers` is "from" or "to". A rule that cannot be read is left out, and its name added to `unreadable`.
std::vector<flowgen::PolicyRule> decode_rules(const Field& rules, std::string_view peers,
                                              std::vector<std::string>& unreadable) {
    std::vector<flowgen::PolicyRule> decoded;
    const auto before_all = rules.problem_count();
    const auto items = rules.items();
    if (rules.problem_count() != before_all) unreadable.push_back(rules.path().text());
    for (const Field& field : items) {
        const auto before = field.problem_count();
        flowgen::PolicyRule rule;
        for (const Field& peer : field[peers].items()) rule.peers.push_back(decode_peer(peer));
        for (const Field& port : field["ports"].items()) rule.ports.push_back(decode_policy_port(port));
        if (field.problem_count() == before)
            decoded.push_back(std::move(rule));
        else
            unreadable.push_back(field.path().text());
    }
    return decoded;
}

std::vector<flowgen::Direction> decode_policy_types(const Field& field) {
    std::vector<flowgen::Direction> types;
    const std::vector<Field> items = field.items();
    if (items.size() > 2) field.refuse_value("has more than two entries");
    for (const Field& item : items) {
        const std::string text = item.required_text();
        if (text == "Ingress") types.push_back(flowgen::Direction::Ingress);
        if (text == "Egress") types.push_back(flowgen::Direction::Egress);
        if (!text.empty() && text != "Ingress" && text != "Egress")
            item.refuse_value("is not a policy type: it must be Ingress or Egress");
    }
    return types;
}

} // namespace

std::string isolates_namespace(const flowgen::NetworkPolicy& policy) {
    return "all pods of namespace " + policy.id.namespace_ + " are isolated, and the policy allows nothing";
}

RestrictedPolicy decode_restricted_policy(const Field& object) {
    RestrictedPolicy out;
    auto& policy = out.policy;
    policy.id = decode_name(object);
    const Field spec = object["spec"];
    auto before = object.problem_count();
    policy.pod_selector = decode_selector(spec["podSelector"]);
    const bool selector_readable = object.problem_count() == before;
    before = object.problem_count();
    policy.policy_types = decode_policy_types(spec["policyTypes"]);
    const bool types_readable = object.problem_count() == before;
    std::vector<std::string> unreadable;
    policy.ingress = decode_rules(spec["ingress"], "from", unreadable);
    policy.egress = decode_rules(spec["egress"], "to", unreadable);
    if (selector_readable && types_readable && unreadable.empty()) return out;

    // The types must stand in for the rules that are left out: the isolation of an unreadable
    // egress rule would be lost with the rule.
    if (!types_readable)
        policy.policy_types = {flowgen::Direction::Ingress, flowgen::Direction::Egress};
    else if (policy.policy_types.empty()) {
        const Field egress = spec["egress"];
        policy.policy_types = {flowgen::Direction::Ingress};
        if (egress.present() && !(egress.value()->is_array() && egress.value()->empty()))
            policy.policy_types.push_back(flowgen::Direction::Egress);
    }
    if (!selector_readable) {
        // It is unknown which pods its rules apply to, so they allow nothing.
        policy.pod_selector = {};
        policy.ingress.clear();
        policy.egress.clear();
        out.consequence = isolates_namespace(policy);
        return out;
    }
    std::vector<std::string> consequences;
    if (!types_readable) consequences.emplace_back("the pods that it selects are isolated in both directions");
    for (const auto& rule : unreadable) consequences.push_back(rule + " allows nothing");
    out.consequence = words::join(consequences);
    return out;
}

flowgen::NetworkPolicy decode_policy(const Field& object) { return decode_restricted_policy(object).policy; }

} // namespace agent::cluster
