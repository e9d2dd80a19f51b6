#include "flowgen/policy/policy_flows.h"

#include "flowgen/flow/packet_action.h"
#include "flowgen/flow/packet_match.h"
#include "flowgen/policy/rule_merge.h"
#include "flowgen/state/policy_selection.h"

#include <algorithm>
#include <set>

namespace flowgen {
namespace {

/// Conjunction ids are the first 32 bits of the rules' contents; a rule whose id is taken gets the next free one. The
/// rules come sorted by content, so the same rules always get the same ids.
class ConjunctionIds {
  public:
    std::uint32_t assign(std::uint64_t content) {
        auto id = static_cast<std::uint32_t>(content >> 32);
        while (id == 0 || !taken_.insert(id).second) ++id;
        return id;
    }

  private:
    std::set<std::uint32_t> taken_;
};

/// How full the flows of each band are. A rule goes into the first band where all of its flows have room.
class Bands {
  public:
    explicit Bands(int limit) : limit_(limit) {}

    int place(const std::vector<const Alternatives*>& clauses, Direction direction) {
        int band = 0;
        while (!fits(clauses, direction, band)) ++band;
        for (const auto* clause : clauses)
            for (const auto& [match, owners] : *clause) ++used_[{direction, band, match}];
        return band;
    }

  private:
    [[nodiscard]] bool fits(const std::vector<const Alternatives*>& clauses, Direction direction, int band) const {
        return std::ranges::all_of(clauses, [&](const Alternatives* clause) {
            return std::ranges::all_of(*clause, [&](const auto& entry) {
                const auto place = used_.find({direction, band, entry.first});
                return place == used_.end() || place->second < limit_;
            });
        });
    }

    int limit_;
    std::map<std::tuple<Direction, int, Match>, int> used_;
};

/// Records which rule admitted the packet and leaves the table.
Actions admit(Direction direction, std::uint32_t id) {
    const bool egress = direction == Direction::Egress;
    return {set(egress ? kEgressRule : kIngressRule, id), to(egress ? Table::IngressAdmin : Table::Commit)};
}

void add_rule(const PolicyRuleMatch& rule, std::uint32_t id, Bands& bands, FlowStore& store) {
    const Table table = rule.direction == Direction::Egress ? Table::Egress : Table::Ingress;
    std::vector<const Alternatives*> clauses{&rule.subjects};
    if (rule.peers) clauses.push_back(&*rule.peers);
    if (rule.ports) clauses.push_back(&*rule.ports);
    if (clauses.size() == 1) {
        for (const auto& [match, owners] : rule.subjects)
            store.add(table, kPriorityUnconditional, match, admit(rule.direction, id), owners);
        return;
    }
    const auto priority = static_cast<std::uint16_t>(kPriorityConjunctive - bands.place(clauses, rule.direction));
    for (std::size_t i = 0; i < clauses.size(); ++i) {
        const Conjunction conjunction{id, static_cast<std::uint8_t>(i + 1), static_cast<std::uint8_t>(clauses.size())};
        for (const auto& [match, owners] : *clauses[i]) store.add(table, priority, match, {conjunction}, owners);
    }
    store.add(table, priority, Match().set(Field::conj_id, id), admit(rule.direction, id), rule.owners);
}

/// Whether the rule could allow a packet to some pod on another node.
bool reaches_other_nodes(const PolicyContext& context, const PolicyRule& rule) {
    return rule.peers.empty() || std::ranges::any_of(rule.peers, [&](const PolicyPeer& peer) {
               return !peer.ip_block || std::ranges::any_of(context.state.nodes, [&](const auto& entry) {
                   return entry.first != context.node &&
                          std::ranges::any_of(entry.second.pod_cidrs,
                                              [&](const Prefix& cidr) { return cidr.overlaps(peer.ip_block->cidr); });
               });
           });
}

void precheck(const PolicyContext& context, const LocalPod& pod, const NetworkPolicy& policy, FlowStore& store) {
    const auto pod_is = [&](Field field) {
        return Match().set(field, pod.identity.bits() | kFlagPod, kIdentityMask | kFlagPod);
    };
    const Owners owners{{OwnerCategory::NetworkPolicy, policy.id.text()}};
    for (const auto& rule : policy.egress) {
        if (!reaches_other_nodes(context, rule)) continue;
        const auto ports = port_matches(rule, NamedPorts::WholeProtocol, owners, context.families);
        for (const auto& [match, port_owners] : ports.value_or(Alternatives{{Match(), owners}})) {
            store.add(Table::EgressPrecheck, 100, pod_is(kSourceIdentity).merge(match), {to(Table::SenderCommit)},
                      port_owners);
            store.add(Table::ReplyPrecheck, 100, pod_is(kDestinationIdentity).merge(answering(match)),
                      {to(Table::Output)}, port_owners);
        }
    }
}

} // namespace

void compile_policies(const PolicyContext& context, int conjunctions_per_flow, FlowStore& store) {
    ConjunctionIds ids;
    Bands bands(conjunctions_per_flow);
    for (const auto& rule : merge_rules(expand_policies(context)))
        add_rule(rule, ids.assign(rule.content), bands, store);
}

void compile_precheck_rules(const PolicyContext& context, FlowStore& store) {
    for (const auto& pod : context.pods) {
        if (pod.standing != Standing::Pod || !pod.isolated_in_egress) continue;
        for (const auto* policy :
             policies_selecting(context.state, pod.attachment.pod->namespace_, pod.labels, Direction::Egress))
            precheck(context, pod, *policy, store);
    }
}

} // namespace flowgen
