// The steps done so far and how to undo them, the latest step first.
#pragma once

#include "outcome/result.h"

#include <functional>
#include <string>
#include <vector>

namespace ovs_cni {

class Undo {
  public:
    using Step = std::function<outcome::Result<void>()>;

    void push(Step step) { steps_.push_back(std::move(step)); }
    /// Undoes every step, the latest first; a failure does not stop the rollback. Returns a line
    /// for each failure.
    [[nodiscard]] std::string run() {
        std::string failures;
        for (; !steps_.empty(); steps_.pop_back()) {
            if (const auto undone = steps_.back()(); !undone) failures += undone.error().message + "\n";
        }
        return failures;
    }

  private:
    std::vector<Step> steps_;
};

} // namespace ovs_cni
