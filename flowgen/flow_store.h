// Where the compilers' contributions meet.
//
//   topology ─┐
//   policy   ─┴─► add(flow, owner) ──► FlowStore ──► finish ──► FlowSet + who owns each cookie
//
// Contributions with the same table, priority and match become one flow: conjunctions are united, equal actions shared.
// Anything else is a clash, which is a fault of the compiler and is reported as such.
#pragma once

#include "flowgen/flow_set.h"
#include "flowgen/owner.h"
#include "flowgen/pipeline.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace flowgen {

struct CompiledFlows {
    FlowSet flows;
    std::map<std::uint64_t, std::string> owners; ///< by cookie, in words
    std::vector<std::string> warnings;           ///< what of the cluster's state is refused, and why
};

class FlowStore {
  public:
    void add(Table table, std::uint16_t priority, const Match& match, const Actions& actions, const Owner& owner);
    void add(Table table, std::uint16_t priority, const Match& match, const Actions& actions, const Owners& owners);
    /// The flows, or an error that names every clash: table, priority, match and both contributors.
    [[nodiscard]] ipam::Result<CompiledFlows> finish() &&;

  private:
    struct Contribution {
        Actions actions;
        Owners owners;
    };
    std::map<FlowKey, Contribution> flows_;
    std::string clashes_;
};

} // namespace flowgen
