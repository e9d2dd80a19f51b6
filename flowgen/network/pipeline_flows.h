// The flows that every node has: the defaults of each table.
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/state/cluster_state.h"

namespace flowgen {

/// Flows that are the same on every node and for every cluster, but for the numbers of its gateway and tunnel ports.
void compile_pipeline(const LocalNode& local, FlowStore& store);

} // namespace flowgen
