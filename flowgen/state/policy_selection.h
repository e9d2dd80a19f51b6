// The policies that select a pod.
#pragma once

#include "flowgen/state/cluster_state.h"

#include <string>
#include <vector>

namespace flowgen {

/// Whether the policy isolates in this direction. Source: API reference,
/// NetworkPolicySpec.policyTypes: when it is absent, ingress always, and egress if there are egress
/// rules.
[[nodiscard]] bool isolates(const NetworkPolicy& policy, Direction direction);

/// The policies that select pods of these labels in this namespace for this direction, in the order of their names.
/// A pod is isolated in the direction exactly if there is at least one. The pointers are into
/// `state`.
[[nodiscard]] std::vector<const NetworkPolicy*> policies_selecting(const ClusterState& state,
                                                                   const std::string& namespace_name,
                                                                   const Labels& labels, Direction direction);

} // namespace flowgen
