// The flow generator: a function from what the cluster is to what this node's switch must hold.
//
//   ClusterState ─┐                    ┌─ topology (pipeline, attachments, nodes)
//                 ├─► LocalPods, index ┼─ policies (expand, merge, conjunctions)  ──► FlowStore ──► CompiledFlows
//   LocalNode   ──┘                    └─ host policy (what the host sends on without asking the bridge)  ──┘
//
// No I/O, no clock, no history: the same state gives the same bytes.
#pragma once

#include "flowgen/cluster_state.h"
#include "flowgen/flow_store.h"

namespace flowgen {

/// Limits that a test may want to reach sooner than a cluster would.
struct CompileLimits {
    int conjunctions_per_flow = kConjunctionsPerFlow;
};

/// Every flow of the bridge. An error means that the generator contradicts itself; what of the state cannot be served
/// is cut off and named in `warnings`.
[[nodiscard]] ipam::Result<CompiledFlows> compile(const ClusterState& state, const LocalNode& local,
                                                  const CompileLimits& limits = {});

} // namespace flowgen
