#include "tests/judge/describe.h"

#include "words/list.h"

namespace judge {

namespace {

using namespace flowgen;

std::string labels_text(const Labels& labels) {
    return "{" + words::join(labels, [](const auto& label) { return label.first + ": " + label.second; }) + "}";
}

std::string requirement_text(const LabelRequirement& requirement) {
    static const std::array<std::string, 4> operators{"In", "NotIn", "Exists", "DoesNotExist"};
    auto text = "{key: " + requirement.key + ", operator: " + operators.at(static_cast<std::size_t>(requirement.op));
    if (!requirement.values.empty()) {
        text += ", values: [" + words::join(requirement.values) + "]";
    }
    return text + "}";
}

std::string selector_text(const LabelSelector& selector) {
    std::string text;
    if (!selector.match_labels.empty()) text += "matchLabels: " + labels_text(selector.match_labels);
    if (!selector.match_expressions.empty()) {
        text += (text.empty() ? "matchExpressions: [" : ", matchExpressions: [") +
                words::join(selector.match_expressions, requirement_text) + "]";
    }
    return "{" + text + "}";
}

std::string peer_text(const PolicyPeer& peer) {
    if (peer.ip_block) {
        auto text = "ipBlock: {cidr: " + peer.ip_block->cidr.text();
        if (!peer.ip_block->except.empty()) {
            text += ", except: [" + words::join(peer.ip_block->except, &Prefix::text) + "]";
        }
        return "{" + text + "}}";
    }
    std::string text;
    if (peer.namespace_selector) text += "namespaceSelector: " + selector_text(*peer.namespace_selector);
    if (peer.pod_selector) {
        text += (text.empty() ? "podSelector: " : ", podSelector: ") + selector_text(*peer.pod_selector);
    }
    return "{" + text + "}";
}

std::string protocol_text(Protocol protocol) { return protocol_name(static_cast<std::uint8_t>(protocol)); }

std::string port_text(const PolicyPort& port) {
    auto text = "{protocol: " + protocol_text(port.protocol);
    if (const auto* number = std::get_if<std::uint16_t>(&port.port)) text += ", port: " + std::to_string(*number);
    if (const auto* name = std::get_if<std::string>(&port.port)) text += ", port: " + *name;
    if (port.end_port) text += ", endPort: " + std::to_string(*port.end_port);
    return text + "}";
}

std::string rules_text(const std::string& key, const std::string& peers_key, const std::vector<PolicyRule>& rules) {
    if (rules.empty()) return "";
    auto text = "  " + key + ":\n";
    for (const auto& rule : rules) {
        text += "  - " + peers_key + ": [" + words::join(rule.peers, peer_text) + "]\n";
        text += "    ports: [" + words::join(rule.ports, port_text) + "]\n";
    }
    return text;
}

std::string describe(const Pod& pod) {
    auto text = "pod " + pod.id.text() + " on " + pod.node + " labels " + labels_text(pod.labels) + " ports [" +
                words::join(pod.ports, [](const ContainerPort& port) {
                    return port.name + " " + std::to_string(port.number) + "/" + protocol_text(port.protocol);
                });
    return text + "]\n";
}

std::string describe_end(const Cluster& cluster, const End& end) {
    const auto* name = std::get_if<PodEnd>(&end.who);
    if (!name) return "";
    const auto& pod = cluster.state.pods.at(name->pod);
    auto text = describe(pod);
    const auto space = cluster.state.namespaces.find(pod.id.namespace_);
    text += "namespace " + pod.id.namespace_ +
            (space == cluster.state.namespaces.end() ? " (not declared)" : " " + labels_text(space->second.labels));
    return text + "\n";
}

bool selects(const Cluster& cluster, const NetworkPolicy& policy, const End& end) {
    const auto* name = std::get_if<PodEnd>(&end.who);
    return name && judge::selects(policy, cluster.state.pods.at(name->pod));
}

} // namespace

std::string describe(const NetworkPolicy& policy) {
    auto text = "NetworkPolicy " + policy.id.text() + "\n  podSelector: " + selector_text(policy.pod_selector) + "\n";
    if (!policy.policy_types.empty()) {
        text += "  policyTypes: [" +
                words::join(policy.policy_types,
                            [](Direction direction) {
                                return std::string(direction == Direction::Ingress ? "Ingress" : "Egress");
                            }) +
                "]\n";
    }
    return text + rules_text("ingress", "from", policy.ingress) + rules_text("egress", "to", policy.egress);
}

std::string describe(const Cluster& cluster, const Attempt& attempt) {
    auto text = describe_end(cluster, attempt.from) + describe_end(cluster, attempt.to);
    for (const auto& [name, node] : cluster.state.nodes) {
        text += "node " + name + " podCIDRs [" + words::join(node.pod_cidrs, &Prefix::text) + "] addresses [" +
                words::join(node.addresses, &IpAddress::text) + "]\n";
    }
    for (const auto& [name, policy] : cluster.state.policies) {
        if (selects(cluster, policy, attempt.from) || selects(cluster, policy, attempt.to)) text += describe(policy);
    }
    return text;
}

} // namespace judge
