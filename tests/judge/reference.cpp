#include "tests/judge/reference.h"

#include "ipam/prefix.h"
#include "words/list.h"

#include <algorithm>

namespace judge {

namespace {

using namespace flowgen;

// Source: API reference, LabelSelector and LabelSelectorRequirement.
bool matches(const LabelSelector& selector, const Labels& labels) {
    for (const auto& [key, value] : selector.match_labels) {
        const auto label = labels.find(key);
        if (label == labels.end() || label->second != value) return false;
    }
    for (const auto& requirement : selector.match_expressions) {
        const auto label = labels.find(requirement.key);
        const bool present = label != labels.end();
        const bool listed = present && requirement.values.contains(label->second);
        switch (requirement.op) {
        case LabelRequirement::Operator::In:
            if (!listed) return false;
            break;
        case LabelRequirement::Operator::NotIn:
            if (listed) return false; // a pod without the key matches too
            break;
        case LabelRequirement::Operator::Exists:
            if (!present) return false;
            break;
        case LabelRequirement::Operator::DoesNotExist:
            if (present) return false;
            break;
        }
    }
    return true;
}

/// The labels of a namespace; an undeclared one has only its name.
Labels namespace_labels(const ClusterState& state, const std::string& name) {
    Labels labels;
    if (const auto found = state.namespaces.find(name); found != state.namespaces.end()) labels = found->second.labels;
    labels[kNamespaceNameLabel] = name;
    return labels;
}

bool has_network(const Pod& pod) { return !pod.host_network && !pod.finished; }

/// Source: API reference, NetworkPolicySpec.policyTypes.
bool isolates(const NetworkPolicy& policy, Direction direction) {
    if (policy.policy_types.empty()) return direction == Direction::Ingress || !policy.egress.empty();
    for (const auto type : policy.policy_types) {
        if (type == direction) return true;
    }
    return false;
}

bool covers(const IpBlock& block, const IpAddress& address) {
    if (!block.cidr.contains(address)) return false;
    for (const auto& hole : block.except) {
        if (hole.contains(address)) return false;
    }
    return true;
}

const Pod* pod_of(const ClusterState& state, const End& end) {
    const auto* pod_end = std::get_if<PodEnd>(&end.who);
    return pod_end ? &state.pods.at(pod_end->pod) : nullptr;
}

/// Whether `peer` of a policy in `policy_namespace` matches `end`. Source: API reference,
/// NetworkPolicyPeer.
bool matches(const ClusterState& state, const std::string& policy_namespace, const PolicyPeer& peer,
             Direction direction, const End& end) {
    if (peer.ip_block) {
        if (covers(*peer.ip_block, end.address)) return true;
        // A node that sends may use any of its addresses, so each of them stands for all.
        const auto* host = std::get_if<HostEnd>(&end.who);
        if (!host || direction != Direction::Ingress) return false;
        for (const auto& address : addresses_of(state.nodes.at(host->node))) {
            if (covers(*peer.ip_block, address)) return true;
        }
        return false;
    }
    const auto* pod = pod_of(state, end);
    if (!pod || !has_network(*pod)) return false;
    if (peer.namespace_selector) {
        if (!matches(*peer.namespace_selector, namespace_labels(state, pod->id.namespace_))) return false;
    } else if (pod->id.namespace_ != policy_namespace) {
        return false;
    }
    return !peer.pod_selector || matches(*peer.pod_selector, pod->labels);
}

/// Source: API reference, NetworkPolicyPort.
bool matches(const PolicyPort& port, const Attempt& attempt, const Pod* destination) {
    if (static_cast<std::uint8_t>(port.protocol) != attempt.protocol) return false;
    if (std::holds_alternative<std::monostate>(port.port)) return true;
    if (const auto* number = std::get_if<std::uint16_t>(&port.port)) {
        const auto last = port.end_port ? *port.end_port : *number;
        return *number <= attempt.destination_port && attempt.destination_port <= last;
    }
    if (!destination) return false; // only pods have names for ports
    for (const auto& declared : destination->ports) {
        if (declared.name == std::get<std::string>(port.port) && declared.protocol == port.protocol &&
            declared.number == attempt.destination_port) {
            return true;
        }
    }
    return false;
}

bool admits(const ClusterState& state, const NetworkPolicy& policy, const PolicyRule& rule, Direction direction,
            const Attempt& attempt) {
    bool peer_matches = rule.peers.empty();
    for (const auto& peer : rule.peers) {
        const auto& other = direction == Direction::Ingress ? attempt.from : attempt.to;
        if (matches(state, policy.id.namespace_, peer, direction, other)) peer_matches = true;
    }
    bool port_matches = rule.ports.empty();
    for (const auto& port : rule.ports) {
        if (matches(port, attempt, pod_of(state, attempt.to))) port_matches = true;
    }
    return peer_matches && port_matches;
}

/// Whether no address of the cluster is in the block that IPv4 reserves for future use. A cluster
/// that has one there uses the block as ordinary addresses.
bool leaves_reserved_block_alone(const ClusterState& state) {
    const auto reserved = *ipam::Prefix::parse("240.0.0.0/4");
    const auto apart = [&](const ipam::Prefix& range) { return !range.overlaps(reserved); };
    for (const auto& [name, node] : state.nodes) {
        if (!std::ranges::all_of(node.pod_cidrs, apart)) return false;
        if (!std::ranges::all_of(node.addresses, [&](const auto& each) { return apart(ipam::Prefix::host(each)); }))
            return false;
    }
    return std::ranges::all_of(state.service_cidrs, apart);
}

/// The verdict of the policies that select `subject`, for one direction.
Verdict judge_direction(const ClusterState& state, const Pod& subject, Direction direction, const Attempt& attempt) {
    const std::string word = direction == Direction::Ingress ? "ingress" : "egress";
    std::vector<std::string> isolating;
    for (const auto& [name, policy] : state.policies) {
        if (!selects(policy, subject) || !isolates(policy, direction)) continue;
        isolating.push_back(name.text());
        const auto& rules = direction == Direction::Ingress ? policy.ingress : policy.egress;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (admits(state, policy, rules[i], direction, attempt)) {
                return {.allowed = true,
                        .reason = word + " rule " + std::to_string(i) + " of " + name.text() + " admits"};
            }
        }
    }
    if (isolating.empty()) return {.allowed = true, .reason = subject.id.text() + " is not isolated in " + word};
    return {.allowed = false,
            .reason = word + " of " + subject.id.text() + " is isolated by " + words::join(isolating)};
}

} // namespace

std::string End::text() const {
    std::string who_text = "outside";
    if (const auto* pod = std::get_if<PodEnd>(&who)) who_text = "pod " + pod->pod.text();
    if (const auto* host = std::get_if<HostEnd>(&who)) who_text = "node " + host->node;
    return who_text + " (" + address.text() + ")";
}

std::string Attempt::text() const {
    const auto port = has_ports(protocol) ? " port " + std::to_string(destination_port) : "";
    return from.text() + " -> " + to.text() + " " + protocol_name(protocol) + port;
}

bool selects(const NetworkPolicy& policy, const Pod& pod) {
    return has_network(pod) && policy.id.namespace_ == pod.id.namespace_ && matches(policy.pod_selector, pod.labels);
}

bool is_no_address_of_a_network(const ClusterState& state, const IpAddress& address) {
    static const std::vector<ipam::Prefix> never{
        *ipam::Prefix::parse("0.0.0.0/8"),          // "this network"
        *ipam::Prefix::parse("127.0.0.0/8"),        // loopback
        *ipam::Prefix::parse("224.0.0.0/4"),        // multicast
        *ipam::Prefix::parse("255.255.255.255/32"), // limited broadcast
        *ipam::Prefix::parse("::/128"),             // unspecified
        *ipam::Prefix::parse("::1/128"),            // loopback
        *ipam::Prefix::parse("::ffff:0:0/96"),      // IPv4 inside a host
        *ipam::Prefix::parse("ff00::/8"),           // multicast
    };
    if (std::ranges::any_of(never, [&](const auto& block) { return block.contains(address); })) return true;
    return ipam::Prefix::parse("240.0.0.0/4")->contains(address) && leaves_reserved_block_alone(state);
}

std::vector<IpAddress> addresses_of(const Node& node) {
    auto addresses = node.addresses;
    for (const auto& cidr : node.pod_cidrs) {
        addresses.push_back({.family = cidr.family(), .bits = cidr.first().bits + 1});
    }
    return addresses;
}

Verdict judge(const ClusterState& state, const Attempt& attempt) {
    for (const auto* end : {&attempt.from, &attempt.to}) {
        if (is_no_address_of_a_network(state, end->address))
            return {.allowed = false, .reason = end->address.text() + " is no address of a network"};
    }
    const auto* sender = pod_of(state, attempt.from);
    const auto* receiver = pod_of(state, attempt.to);
    if (sender && sender == receiver) return {.allowed = true, .reason = "a pod always reaches itself"};
    Verdict verdict;
    if (sender) {
        verdict = judge_direction(state, *sender, Direction::Egress, attempt);
        if (!verdict.allowed || !receiver) return verdict;
    }
    const auto* host = std::get_if<HostEnd>(&attempt.from.who);
    if (host && host->node == receiver->node) {
        return {.allowed = true, .reason = "a pod's own node always reaches it"};
    }
    const auto ingress = judge_direction(state, *receiver, Direction::Ingress, attempt);
    return {.allowed = ingress.allowed,
            .reason = verdict.reason.empty() ? ingress.reason : verdict.reason + "; " + ingress.reason};
}

} // namespace judge
