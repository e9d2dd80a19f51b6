#include "flowgen/policy/rule_expansion.h"

#include "flowgen/flow/packet_match.h"
#include "flowgen/flow/pipeline.h"
#include "flowgen/policy/policy_content.h"
#include "flowgen/state/label_selector.h"
#include "flowgen/state/node_address.h"
#include "flowgen/state/policy_selection.h"

#include <algorithm>

namespace flowgen {
namespace {

using ipam::Family;

Match identity_is(Field field, const Identity& identity) {
    return Match().set(field, identity.bits() | kFlagPod, kIdentityMask | kFlagPod);
}

Match namespace_is(Field field, std::uint64_t bits) {
    return Match().set(field, U128{bits} << 64 | kFlagPod, kNamespaceMask | kFlagPod);
}

/// The fewest matches for the pods of one namespace that the selector matches.
void add_pods_of(const IndexedNamespace& entry, const LabelSelector& pods, Field field, const Owners& owners,
                 Alternatives& out) {
    if (entry.refused) return;
    if (pods.empty()) {
        out[namespace_is(field, entry.bits)] = owners;
        return;
    }
    for (const auto& label_set : entry.label_sets)
        if (matches(pods, label_set.labels)) out[identity_is(field, label_set.identity)] = owners;
}

/// One direction of one policy at a time.
class RuleExpansion {
  public:
    RuleExpansion(const PolicyContext& context, const NetworkPolicy& policy, Direction direction)
        : context_(context), policy_(policy), direction_(direction),
          owners_{{OwnerCategory::NetworkPolicy, policy.id.text()}},
          subject_field_(direction == Direction::Ingress ? kDestinationIdentity : kSourceIdentity),
          peer_field_(direction == Direction::Ingress ? kSourceIdentity : kDestinationIdentity) {}

    void expand(std::vector<PolicyRuleMatch>& out) const {
        const Alternatives subjects = subject_matches();
        if (subjects.empty()) return;
        for (const auto& rule : direction_ == Direction::Ingress ? policy_.ingress : policy_.egress) {
            expand_numbered(rule, subjects, out);
            if (direction_ == Direction::Ingress)
                expand_named_on_subjects(rule, out);
            else
                expand_named_on_peers(rule, subjects, out);
        }
    }

  private:
    [[nodiscard]] bool selects(const LocalPod& pod) const {
        return pod.standing == Standing::Pod && pod.attachment.pod->namespace_ == policy_.id.namespace_ &&
               matches(policy_.pod_selector, pod.labels);
    }

    /// Ingress needs this node's pods only, egress every label set that may send to them.
    [[nodiscard]] Alternatives subject_matches() const {
        Alternatives out;
        if (direction_ == Direction::Ingress &&
            std::ranges::none_of(context_.pods, [&](const auto& p) { return selects(p); }))
            return out;
        if (direction_ == Direction::Ingress && !policy_.pod_selector.empty()) {
            for (const auto& pod : context_.pods)
                if (selects(pod)) out[identity_is(subject_field_, pod.identity)] = owners_;
            return out;
        }
        add_pods_of(own_namespace(), policy_.pod_selector, subject_field_, owners_, out);
        return out;
    }

    /// Absent: any peer. Present and empty: no peer that this node could meet.
    [[nodiscard]] std::optional<Alternatives> peer_matches(const PolicyRule& rule) const {
        if (rule.peers.empty()) return std::nullopt;
        Alternatives out;
        for (const auto& peer : rule.peers) {
            if (peer.ip_block)
                add_block(*peer.ip_block, out);
            else
                add_pods(peer, out);
        }
        return out;
    }

    [[nodiscard]] const IndexedNamespace& own_namespace() const {
        return context_.index.namespaces.at(policy_.id.namespace_);
    }

    void add_pods(const PolicyPeer& peer, Alternatives& out) const {
        const LabelSelector pods = peer.pod_selector.value_or(LabelSelector{});
        if (peer.namespace_selector && peer.namespace_selector->empty() && pods.empty()) {
            out[Match().set(peer_field_, kFlagPod, kFlagPod)] = owners_;
            return;
        }
        if (direction_ == Direction::Egress && !pods.empty()) { // receivers are this node's pods
            for (const auto& pod : context_.pods)
                if (peer_is(peer, pod)) out[identity_is(peer_field_, pod.identity)] = owners_;
        } else if (!peer.namespace_selector) {
            add_pods_of(own_namespace(), pods, peer_field_, owners_, out);
        } else {
            for (const auto& [name, entry] : context_.index.namespaces)
                if (matches(*peer.namespace_selector, entry.labels))
                    add_pods_of(entry, pods, peer_field_, owners_, out);
        }
    }

    /// Whether a peer's selectors match this local pod.
    [[nodiscard]] bool peer_is(const PolicyPeer& peer, const LocalPod& pod) const {
        if (pod.standing != Standing::Pod) return false;
        const auto& name = pod.attachment.pod->namespace_;
        const bool in_namespace = peer.namespace_selector
                                      ? matches(*peer.namespace_selector, context_.index.namespaces.at(name).labels)
                                      : name == policy_.id.namespace_;
        return in_namespace && matches(peer.pod_selector.value_or(LabelSelector{}), pod.labels);
    }

    void add_block(const IpBlock& block, Alternatives& out) const {
        const bool ingress = direction_ == Direction::Ingress;
        if (std::ranges::find(context_.families, block.cidr.family()) != context_.families.end())
            for (const auto& part : subtract(block.cidr, block.except))
                out[ingress ? ip_from(part) : ip_to(part)] = owners_;
        if (!ingress) return;
        // A node is one peer, whichever of its addresses a packet carries: the block needs to cover
        // only one address.
        for (const auto& [name, node] : context_.state.nodes) {
            if (name == context_.node) continue;
            if (std::ranges::any_of(node_addresses(node), [&](const auto& a) { return covers(block, a); }))
                out[Match().set(peer_field_, other_node_identity(name).bits(), kIdentityMask)] = owners_;
        }
    }

    static bool covers(const IpBlock& block, const IpAddress& address) {
        return block.cidr.contains(address) &&
               std::ranges::none_of(block.except, [&](const Prefix& hole) { return hole.contains(address); });
    }

    void expand_numbered(const PolicyRule& rule, const Alternatives& subjects,
                         std::vector<PolicyRuleMatch>& out) const {
        auto peers = peer_matches(rule);
        auto ports = port_matches(rule, NamedPorts::Omitted, owners_, context_.families);
        if ((peers && peers->empty()) || (ports && ports->empty())) return;
        out.push_back(
            {content_of(policy_, direction_, rule), direction_, subjects, std::move(peers), std::move(ports), owners_});
    }

    using ByResolvedPort = std::map<std::pair<Protocol, std::uint16_t>, Alternatives>;

    /// This pod's numbers for the rule's named ports.
    [[nodiscard]] static std::set<std::pair<Protocol, std::uint16_t>> resolve_names(const PolicyRule& rule,
                                                                                    const LocalPod& pod) {
        std::set<std::pair<Protocol, std::uint16_t>> out;
        for (const auto& wanted : rule.ports) {
            const auto* name = std::get_if<std::string>(&wanted.port);
            if (name == nullptr) continue;
            for (const auto& port : pod.ports)
                if (port.name == *name && port.protocol == wanted.protocol) out.emplace(port.protocol, port.number);
        }
        return out;
    }

    [[nodiscard]] static Match delivered_to(const LocalPod& pod) {
        return Match().set(kOutputPort, pod.attachment.ofport);
    }

    /// Pods of one label set may give a name different numbers, so here the subject is the pod's own port.
    void expand_named_on_subjects(const PolicyRule& rule, std::vector<PolicyRuleMatch>& out) const {
        ByResolvedPort subjects;
        for (const auto& pod : context_.pods)
            if (selects(pod))
                for (const auto& port : resolve_names(rule, pod)) subjects[port][delivered_to(pod)] = owners_;
        const auto peers = peer_matches(rule);
        if (peers && peers->empty()) return;
        for (const auto& [port, matches_of_port] : subjects)
            out.push_back({content_of(policy_, direction_, rule, port), direction_, matches_of_port, peers,
                           single(port), owners_});
    }

    /// The receiving pod defines a port name in an egress rule; receivers that are not pods define
    /// none.
    void expand_named_on_peers(const PolicyRule& rule, const Alternatives& subjects,
                               std::vector<PolicyRuleMatch>& out) const {
        ByResolvedPort peers;
        for (const auto& pod : context_.pods) {
            if (pod.standing != Standing::Pod) continue;
            for (const auto& port : resolve_names(rule, pod)) add_named_peer(rule, pod, peers[port]);
        }
        for (const auto& [port, matches_of_port] : peers)
            if (!matches_of_port.empty())
                out.push_back({content_of(policy_, direction_, rule, port), direction_, subjects, matches_of_port,
                               single(port), owners_});
    }

    void add_named_peer(const PolicyRule& rule, const LocalPod& pod, Alternatives& out) const {
        const bool selected = rule.peers.empty() || std::ranges::any_of(rule.peers, [&](const PolicyPeer& peer) {
                                  return !peer.ip_block && peer_is(peer, pod);
                              });
        if (selected) {
            out[delivered_to(pod)] = owners_;
            return;
        }
        for (const auto& peer : rule.peers)
            for (const auto& address : pod.attachment.addresses)
                if (peer.ip_block && covers(*peer.ip_block, address)) out[ip_to(Prefix::host(address))] = owners_;
    }

    [[nodiscard]] Alternatives single(const std::pair<Protocol, std::uint16_t>& port) const {
        Alternatives out;
        for (const auto family : context_.families)
            out[transport_to(family, port.first, {port.second, 0xffff})] = owners_;
        return out;
    }

    const PolicyContext& context_;
    const NetworkPolicy& policy_;
    Direction direction_;
    Owners owners_;
    Field subject_field_;
    Field peer_field_;
};

} // namespace

std::optional<Alternatives> port_matches(const PolicyRule& rule, NamedPorts named, const Owners& owners,
                                         const std::vector<Family>& families) {
    if (rule.ports.empty()) return std::nullopt;
    Alternatives out;
    for (const auto family : families) {
        for (const auto& port : rule.ports) {
            const auto* number = std::get_if<std::uint16_t>(&port.port);
            const bool is_name = std::holds_alternative<std::string>(port.port);
            if (number != nullptr)
                for (const auto& block : masked_ports(*number, port.end_port.value_or(*number)))
                    out[transport_to(family, port.protocol, block)] = owners;
            else if (!is_name || named == NamedPorts::WholeProtocol)
                out[transport(family, port.protocol)] = owners;
        }
    }
    return out;
}

std::vector<PolicyRuleMatch> expand_policies(const PolicyContext& context) {
    std::vector<PolicyRuleMatch> out;
    for (const auto& [id, policy] : context.state.policies) {
        if (context.index.refused(id.namespace_)) continue;
        for (const auto direction : {Direction::Ingress, Direction::Egress})
            if (isolates(policy, direction)) RuleExpansion(context, policy, direction).expand(out);
    }
    return out;
}

} // namespace flowgen
