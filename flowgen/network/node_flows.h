// The flows of nodes: this one's host behind the gateway, and the other nodes behind the tunnel.
//
//   Nodes ──► what each may claim (address_claims.h) ──► Classifier, Routing
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/state/cluster_state.h"

#include <map>
#include <string>
#include <vector>

namespace flowgen {

/// Flows of this node's own host, and one small set for each other node, however many pods run there.
/// Returns the conflicting claims of nodes, one line each. A conflict is decided for this node,
/// then for the first node by name.
[[nodiscard]] std::vector<std::string> compile_nodes(const std::map<std::string, Node>& nodes, const LocalNode& local,
                                                     FlowStore& store);

} // namespace flowgen
