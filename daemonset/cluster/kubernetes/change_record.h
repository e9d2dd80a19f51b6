// The changes in a ClusterState since the last report.
#pragma once

#include "words/list.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::kubernetes {

class ChangeRecord {
  public:
    /// How many objects are named; the others are counted.
    static constexpr std::size_t kNamed = 5;

    struct Changes {
        std::size_t count = 0;
        bool nodes = false;
        std::vector<std::string> names; ///< of the first objects: "NetworkPolicy shop/web"

        [[nodiscard]] std::string text() const { return words::join(names) + words::and_more(count - names.size()); }
    };

    void note(std::string_view kind, const std::string& name) {
        ++changes_.count;
        changes_.nodes = changes_.nodes || kind == "Node";
        if (changes_.names.size() < kNamed) changes_.names.push_back(std::string(kind) + " " + name);
    }
    [[nodiscard]] Changes take() { return std::exchange(changes_, {}); }

  private:
    Changes changes_;
};

} // namespace agent::kubernetes
