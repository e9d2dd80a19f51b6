// Shrinks a failing cluster until it is understandable: parts are removed as long as it still fails
// without them.
#pragma once

#include "tests/judge/random_cluster.h"
#include "tests/judge/reference.h"

#include <functional>

namespace judge {

/// `cluster` without the policies, rules, peers, ports, holes, requirements, other pods and workloads that
/// `still_fails` does not need. The pods of `attempt` stay.
[[nodiscard]] Cluster shrink(Cluster cluster, const Attempt& attempt,
                             const std::function<bool(const Cluster&)>& still_fails);

} // namespace judge
