// Random flows that a switch accepts, from all fields and actions of flowgen.
#pragma once

#include "flowgen/flow/flow_set.h"

#include <cstdint>
#include <random>

namespace agent {

using Random = std::mt19937_64;

/// New in each run, printed, and repeated with --gtest_random_seed=N.
[[nodiscard]] std::uint64_t seed_of_run();

[[nodiscard]] flowgen::U128 random_bits(Random& random, int bits);
/// Its prerequisites hold, and its match meets the needs of its actions.
[[nodiscard]] std::pair<flowgen::FlowKey, flowgen::FlowBody> random_flow(Random& random);
[[nodiscard]] flowgen::FlowSet random_flows(Random& random, std::size_t count);

} // namespace agent
