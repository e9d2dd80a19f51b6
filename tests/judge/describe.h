// Clusters and policies as text, close enough to YAML to be retyped as manifests.
#pragma once

#include "tests/judge/random_cluster.h"
#include "tests/judge/reference.h"

#include <string>

namespace judge {

[[nodiscard]] std::string describe(const flowgen::NetworkPolicy& policy);

/// Everything relevant to `attempt`: its pods with their labels and ports, their namespaces, the
/// nodes, and every policy that selects either end.
[[nodiscard]] std::string describe(const Cluster& cluster, const Attempt& attempt);

} // namespace judge
