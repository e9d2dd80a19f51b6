#include "flowgen/flow_store.h"

#include <algorithm>

namespace flowgen {
namespace {

bool only_conjunctions(const Actions& actions) {
    return !actions.empty() &&
           std::ranges::all_of(actions, [](const Action& a) { return std::holds_alternative<Conjunction>(a); });
}

Actions united(const Actions& a, const Actions& b) {
    Actions out;
    std::ranges::set_union(a, b, std::back_inserter(out));
    return out;
}

} // namespace

void FlowStore::add(Table table, std::uint16_t priority, const Match& match, const Actions& actions,
                    const Owner& owner) {
    add(table, priority, match, actions, Owners{owner});
}

void FlowStore::add(Table table, std::uint16_t priority, const Match& match, const Actions& actions,
                    const Owners& owners) {
    const auto [place, inserted] = flows_.try_emplace({number(table), priority, match}, actions, owners);
    if (inserted) return;
    auto& earlier = place->second;
    if (earlier.actions != actions) {
        if (!only_conjunctions(earlier.actions) || !only_conjunctions(actions)) {
            clashes_ += "\n  " + text(place->first, {0, earlier.actions}) + " of " + text(earlier.owners) +
                        " against " + text(place->first, {0, actions}) + " of " + text(owners);
            return;
        }
        earlier.actions = united(earlier.actions, actions);
    }
    earlier.owners.insert(owners.begin(), owners.end());
}

ipam::Result<CompiledFlows> FlowStore::finish() && {
    if (!clashes_.empty())
        return ipam::fail("the flow generator contradicts itself; please report this with the cluster's manifests:" +
                          clashes_);
    CompiledFlows out;
    std::map<Owners, std::uint64_t> cookies; // many flows have the same owners, and a hash costs more than a look-up
    for (auto& [key, contribution] : flows_) {
        const auto [known, first] = cookies.try_emplace(contribution.owners, 0);
        if (first) {
            known->second = cookie(contribution.owners);
            out.owners.try_emplace(known->second, text(contribution.owners));
        }
        out.flows.emplace_hint(out.flows.end(), key, FlowBody{known->second, std::move(contribution.actions)});
    }
    return out;
}

} // namespace flowgen
