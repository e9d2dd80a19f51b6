// Growing pauses after failures: twice as long each time, up to a bound.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace agent {

/// Whether a random part is subtracted, so that not all nodes return to a server at the same
/// moment.
enum class Jitter : std::uint8_t { None, UpToHalf };

class Backoff {
  public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, Jitter jitter = Jitter::None)
        : first_(first), longest_(longest), next_(first), jitter_(jitter) {}

    /// After a success: the next failure counts as the first.
    void reset() { next_ = first_; }
    /// The pause before the next attempt; the following one is twice as long.
    [[nodiscard]] std::chrono::milliseconds pause() {
        using Count = std::chrono::milliseconds::rep;
        const auto most = next_;
        next_ = std::min(next_ * 2, longest_);
        if (jitter_ == Jitter::None) return most;
        return std::chrono::milliseconds(std::uniform_int_distribution<Count>(most.count() / 2, most.count())(random_));
    }

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::chrono::milliseconds next_;
    Jitter jitter_;
    std::minstd_rand random_{std::random_device{}()};
};

} // namespace agent
