// The seed of a random test: new in each run, printed, and given back through the environment to repeat the run.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace judge {

/// The value of JUDGE_SEED, or a new one; prints it.
[[nodiscard]] inline std::uint64_t seed_of_run() {
    const char* given = std::getenv("JUDGE_SEED");
    const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "JUDGE_SEED=" << seed << " repeats this run\n";
    testing::Test::RecordProperty("seed", std::to_string(seed));
    return seed;
}

} // namespace judge
