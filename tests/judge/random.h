// Random choices that a seed repeats on every machine: std::mt19937_64 is fixed by the standard, its distributions are
// not.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace judge {

class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// From 0 to `count` - 1; `count` is not 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t count) { return engine_() % count; }
    /// From `first` to `last`, both included.
    [[nodiscard]] int between(int first, int last) {
        return first + static_cast<int>(below(static_cast<std::uint64_t>(last - first) + 1));
    }
    /// True in `percent` of a hundred cases.
    [[nodiscard]] bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }

    template <typename T> [[nodiscard]] const T& pick(const std::vector<T>& from) { return from[below(from.size())]; }
    /// Each with the probability of `percent` in a hundred.
    template <typename T> [[nodiscard]] std::vector<T> some_of(const std::vector<T>& from, int percent) {
        std::vector<T> result;
        for (const auto& one : from) {
            if (chance(percent)) result.push_back(one);
        }
        return result;
    }

  private:
    std::mt19937_64 engine_;
};

} // namespace judge
