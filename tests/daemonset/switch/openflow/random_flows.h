// Flows that a switch accepts, drawn from all fields and actions that flowgen has.
#pragma once

#include "flowgen/flow/flow_set.h"

#include <cstdint>
#include <random>

namespace agent {

using Random = std::mt19937_64;

/// New in each run, printed, and repeated with --gtest_random_seed=N.
[[nodiscard]] std::uint64_t seed_of_run();

[[nodiscard]] flowgen::U128 random_bits(Random& random, int bits);
/// Its prerequisites hold, and it matches in ways that its actions need.
[[nodiscard]] std::pair<flowgen::FlowKey, flowgen::FlowBody> random_flow(Random& random);
[[nodiscard]] flowgen::FlowSet random_flows(Random& random, std::size_t count);

} // namespace agent
