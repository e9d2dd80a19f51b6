// Small random clusters, made so that policies meet pods: few label keys, few values, clashing port names, addresses
// that overlapping blocks share.
//
//   seed ──► nodes, namespaces, pods ──► Cluster ──► random_policies ──► ClusterState::policies
#pragma once

#include "flowgen/compile.h"
#include "tests/judge/random.h"

#include <map>
#include <string>
#include <vector>

namespace judge {

struct Cluster {
    flowgen::ClusterState state;
    std::map<std::string, flowgen::LocalNode> locals; ///< each node's own knowledge, by node name

    flowgen::CompileLimits limits = {}; ///< sometimes so low that rules spill over into further priority bands

    /// The attachment of an attached pod.
    [[nodiscard]] const flowgen::Attachment& attachment(const flowgen::ObjectName& pod) const;
};

/// One to four nodes, one to four namespaces, some dozen pods: attached, hostNetwork, finished, not yet scheduled. No
/// policies.
[[nodiscard]] Cluster random_cluster(Random& random);

/// Policies with every field of the API, about this cluster's labels, ports and addresses.
[[nodiscard]] std::map<flowgen::ObjectName, flowgen::NetworkPolicy> random_policies(const Cluster& cluster,
                                                                                    Random& random);

/// Names to which several pods give different ports.
[[nodiscard]] const std::vector<std::string>& port_names();

} // namespace judge
