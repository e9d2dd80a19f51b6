// A cluster of a given size, the same for every benchmark: `namespaces` namespaces of ten apps
// each, every app isolated in both directions and reachable from two others, 100 nodes, 100 pods on
// this one.
#pragma once

#include "flowgen/state/cluster_state.h"

namespace benchmarks {

struct SyntheticCluster {
    flowgen::ClusterState state;
    flowgen::LocalNode local;
};

[[nodiscard]] SyntheticCluster synthetic_cluster(int namespaces);

} // namespace benchmarks
