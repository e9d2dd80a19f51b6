// The flow generator: a function from what the cluster is to what this node's switch must hold.
//
//   ClusterState ─┐                    ┌─ network (pipeline, services, attachments, nodes)
//                 ├─► LocalPods, index ┼─ policies (expand, merge, conjunctions)  ──► FlowStore ──► CompiledFlows
//   LocalNode   ──┘                    └─ host policy (what the host sends on without asking the bridge)  ──┘
//
// No I/O, no clock, no history: the same state gives the same bytes.
#pragma once

#include "flowgen/flow/flow_set.h"
#include "flowgen/flow/pipeline.h"
#include "flowgen/policy/host_policy.h"
#include "flowgen/state/cluster_state.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace flowgen {

struct CompiledFlows {
    FlowSet flows;
    std::map<std::uint64_t, std::string> owners; ///< by cookie, in words
    std::vector<std::string> warnings;           ///< what of the cluster's state is refused, and why
    HostPolicy host_policy;                      ///< what the bridge cannot decide, since the host does not ask it
};

/// Limits that a test may want to reach sooner than a cluster would.
struct CompileLimits {
    int conjunctions_per_flow = kConjunctionsPerFlow;
};

/// Every flow of the bridge. An error means that the generator contradicts itself; what of the state cannot be served
/// is cut off and named in `warnings`.
[[nodiscard]] outcome::Result<CompiledFlows> compile(const ClusterState& state, const LocalNode& local,
                                                     const CompileLimits& limits = {});

} // namespace flowgen
