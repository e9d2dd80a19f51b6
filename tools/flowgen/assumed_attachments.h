// The decisions of a running cluster that manifests leave open: where pods run, at which address
// and bridge port.
//
//   ClusterState from manifests ──► assume ──► the same with nodes and pods filled in, and this node's attachments
//
// The choices are those of the lab: nodes in the order of their names, pods round-robin.
#pragma once

#include "flowgen/state/cluster_state.h"
#include "outcome/result.h"

#include <string>
#include <vector>

namespace flowgen_program {

struct AssumedCluster {
    flowgen::ClusterState state;
    flowgen::LocalNode local;
    std::vector<std::string> assumptions; ///< one line for each decision that the manifests left open
};

/// Without any Node object, `node` is assumed to be the only one. Workloads without pods get their
/// replicas.
/// Errors: Node objects exist, but none of this name; more pods here than the PodCIDR has addresses.
[[nodiscard]] outcome::Result<AssumedCluster> assume(flowgen::ClusterState state, const std::string& node);

} // namespace flowgen_program
