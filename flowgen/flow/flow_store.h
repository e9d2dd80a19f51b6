// Collects the flows that the compilers contribute.
//
//   network ─┐
//   policy  ─┴─► add(flow, owner) ──► FlowStore ──► finish ──► FlowSet + who owns each cookie
//
// `add` only collects; `finish` sorts. Contributions with the same table, priority and match become
// one flow: conjunctions are united, equal actions shared. Anything else is a clash, which is a bug
// in a compiler and is reported as one.
#pragma once

#include "flowgen/flow/flow_set.h"
#include "flowgen/flow/pipeline.h"
#include "flowgen/state/owner.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace flowgen {

struct OwnedFlows {
    FlowSet flows;
    std::map<std::uint64_t, std::string> owners; ///< readable, by cookie
};

class FlowStore {
  public:
    void add(Table table, std::uint16_t priority, const Match& match, const Actions& actions, const Owner& owner);
    void add(Table table, std::uint16_t priority, const Match& match, const Actions& actions, const Owners& owners);
    /// The flows, or an error that names every clash: table, priority, match and both contributors.
    [[nodiscard]] outcome::Result<OwnedFlows> finish() &&;

  private:
    struct Contribution {
        FlowKey key;
        Actions actions;
        const Owners* owners = nullptr; ///< one of owners_
    };
    [[nodiscard]] const Owners* keep(const Owners& owners);
    /// Merges two contributions with the same key, neighbours in the sorted order.
    void unite(Contribution& earlier, const Contribution& later);

    std::vector<Contribution> contributions_;
    std::set<Owners> owners_;        ///< each set once: many flows share one
    const Owners* latest_ = nullptr; ///< of the last contribution, and usually of the next one
    std::string clashes_;
};

} // namespace flowgen
