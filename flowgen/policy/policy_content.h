// A hash of what a rule says, from which its conjunction id is made.
#pragma once

#include "flowgen/state/cluster_state.h"

#include <optional>
#include <utility>

namespace flowgen {

/// SHA-256, first 64 bits, over the rule's canonical text: direction, the policy's namespace and
/// podSelector, peers, ports, and the number a named port was resolved to. The policy's name is not
/// included.
[[nodiscard]] std::uint64_t content_of(const NetworkPolicy& policy, Direction direction, const PolicyRule& rule,
                                       std::optional<std::pair<Protocol, std::uint16_t>> resolved = std::nullopt);

} // namespace flowgen
