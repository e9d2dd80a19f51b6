// How long to wait after a failure: twice as long each time, less a random part, so that all nodes do not come back to
// a server at the same moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace agent {

class Backoff {
  public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first), longest_(longest), next_(first) {}

    /// Something has worked: the next failure is the first.
    void reset() { next_ = first_; }
    /// Between a half of the time that it is the turn of, and all of it.
    [[nodiscard]] std::chrono::milliseconds pause() {
        const auto most = next_.count();
        next_ = std::min(next_ * 2, longest_);
        return std::chrono::milliseconds(
            std::uniform_int_distribution<std::chrono::milliseconds::rep>(most / 2, most)(random_));
    }

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::chrono::milliseconds next_;
    std::minstd_rand random_{std::random_device{}()};
};

} // namespace agent
