// The flows of nodes: this one's host behind the gateway, and the others behind the tunnel.
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
/// Returns what the nodes claim against each other, one line each; it is left to this node, then to the first by name.
[[nodiscard]] std::vector<std::string> compile_nodes(const std::map<std::string, Node>& nodes, const LocalNode& local,
                                                     FlowStore& store);

} // namespace flowgen
