// Packets with addresses that no network carries: they never reach policy.
//
//   gateway ─► Classifier: from such an address ─► dropped
//   any     ─► Routing: to such an address or to the link alone ─► dropped
//
// Pods and tunnels need no flow for sources: PortSecurity and the ranges of the peers name the
// sources that pass. Neighbour discovery is answered before both, so that it may come from "::".
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/state/cluster_state.h"

namespace flowgen {

/// Flows that are the same on every node, but for 240.0.0.0/4: it is ordinary where the cluster or
/// this host has an address in it.
void compile_special_addresses(const ClusterState& state, const LocalNode& local, FlowStore& store);

} // namespace flowgen
