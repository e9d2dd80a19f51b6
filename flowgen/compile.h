// The flow generator: from the cluster's state to the flows that this node's switch must hold.
//
//   ClusterState ─┐                    ┌─ network (pipeline, services, attachments, nodes)
//                 ├─► LocalPods, index ┼─ policies (expand, merge, conjunctions)  ──► FlowStore ──► CompiledFlows
//   LocalNode   ──┘                    └─ host policy (traffic that the host forwards past the bridge)  ──┘
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
    std::map<std::uint64_t, std::string> owners; ///< readable, by cookie
    std::vector<std::string> warnings;           ///< parts of the state that are refused, and why
    HostPolicy host_policy;                      ///< for traffic that the host forwards past the bridge
};

/// Limits that tests lower, to reach them with small clusters.
struct CompileLimits {
    int conjunctions_per_flow = kConjunctionsPerFlow;
};

/// Every flow of the bridge. An error means a bug of the generator: its flows contradict each
/// other. Parts of the state that cannot be served are cut off and named in `warnings`.
[[nodiscard]] outcome::Result<CompiledFlows> compile(const ClusterState& state, const LocalNode& local,
                                                     const CompileLimits& limits = {});

} // namespace flowgen
