// The seed of a random test: new in each run, printed, and repeated with --gtest_random_seed=N.
#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <random>

namespace ipam {

inline constexpr unsigned kLargestSeed = 99999; // that GoogleTest accepts

[[nodiscard]] inline unsigned seed_of_run() {
    const auto given = static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed());
    const unsigned seed = given != 0 ? given : 1 + std::random_device{}() % kLargestSeed;
    std::cout << "--gtest_random_seed=" << seed << " repeats this run\n";
    return seed;
}

} // namespace ipam
