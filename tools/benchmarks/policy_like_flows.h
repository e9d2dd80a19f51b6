// A given number of flows of the kinds that a node with many policies has: addresses of
// conjunctions by identity, by CIDR and by port, and routes.
#pragma once

#include "flowgen/flow/flow_set.h"

namespace benchmarks {

[[nodiscard]] flowgen::FlowSet policy_like_flows(std::size_t count);

} // namespace benchmarks
