#include "flowgen/flow/flow_store.h"

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

const Owners* FlowStore::keep(const Owners& owners) {
    if (!latest_ || *latest_ != owners) latest_ = &*owners_.insert(owners).first;
    return latest_;
}

void FlowStore::add(Table table, std::uint16_t priority, const Match& match, const Actions& actions,
                    const Owner& owner) {
    const bool same = latest_ && latest_->size() == 1 && *latest_->begin() == owner;
    contributions_.push_back({{number(table), priority, match}, actions, same ? latest_ : keep(Owners{owner})});
}

void FlowStore::add(Table table, std::uint16_t priority, const Match& match, const Actions& actions,
                    const Owners& owners) {
    contributions_.push_back({{number(table), priority, match}, actions, keep(owners)});
}

void FlowStore::unite(Contribution& earlier, const Contribution& later) {
    if (earlier.actions != later.actions) {
        if (!only_conjunctions(earlier.actions) || !only_conjunctions(later.actions)) {
            clashes_ += "\n  " + text(earlier.key, {0, earlier.actions}) + " of " + text(*earlier.owners) +
                        " against " + text(later.key, {0, later.actions}) + " of " + text(*later.owners);
            return;
        }
        earlier.actions = united(earlier.actions, later.actions);
    }
    if (earlier.owners == later.owners) return;
    Owners both = *earlier.owners;
    both.insert(later.owners->begin(), later.owners->end());
    earlier.owners = keep(both);
}

outcome::Result<OwnedFlows> FlowStore::finish() && {
    std::ranges::sort(contributions_, [](const Contribution& a, const Contribution& b) {
        if (const auto order = a.key <=> b.key; order != 0) return order < 0;
        return a.owners != b.owners ? *a.owners < *b.owners : a.actions < b.actions;
    });
    OwnedFlows out;
    std::map<const Owners*, std::uint64_t> cookies; // a hash costs more than a look-up
    for (auto each = contributions_.begin(); each != contributions_.end();) {
        auto next = each + 1;
        for (; next != contributions_.end() && next->key == each->key; ++next) unite(*each, *next);
        const auto [known, first] = cookies.try_emplace(each->owners, 0);
        if (first) {
            known->second = cookie(*each->owners);
            out.owners.try_emplace(known->second, text(*each->owners));
        }
        out.flows.emplace_hint(out.flows.end(), std::move(each->key),
                               FlowBody{known->second, std::move(each->actions)});
        each = next;
    }
    if (!clashes_.empty())
        return outcome::fail(
            "the flow generator's flows contradict each other; please file a bug with the cluster's manifests:" +
            clashes_);
    return out;
}

} // namespace flowgen
