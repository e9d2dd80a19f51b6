// Builds a JSON value and the lines of its parts from the events of a parser.
//
//   YAML parser ─┐  key, scalar, begin, end, alias, each with its line
//                ├──► DocumentBuilder ──► BuiltValue { json, LineTree }
//   JSON parser ─┘
//
// The rules for both formats are here: no duplicate key in an object, bounded depth, bounded size.
#pragma once

#include "daemonset/cluster/text/line_tree.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace agent::cluster {

/// A value and its position.
struct BuiltValue {
    nlohmann::json value;
    LineTree lines;
    std::size_t count = 1; ///< of the values in it, including itself
    std::size_t depth = 0; ///< of nested objects and arrays, including itself
};

/// Every event returns false after an error; `failure()` then has the reason and the line.
class DocumentBuilder {
  public:
    /// A number that names a value for later aliases; kNoAnchor names nothing.
    using Anchor = std::size_t;
    static constexpr Anchor kNoAnchor = 0;
    static constexpr std::size_t kDeepest = 200;        ///< of nested objects and arrays
    static constexpr std::size_t kMostValues = 1000000; ///< in one document, with aliases written out

    struct Failure {
        int line = 0;
        std::string reason;
    };

    bool scalar(nlohmann::json value, int line, Anchor anchor = kNoAnchor);
    bool begin(nlohmann::json::value_t type, int line, Anchor anchor = kNoAnchor); ///< object or array
    bool end();
    bool key(std::string name, int line);
    /// The key of a YAML merge ("<<"): its value's fields are added where the object has none of that name.
    bool merge_key(int line);
    /// A copy of the value that `anchor` names; where a key is expected, its text is the key.
    bool alias(Anchor anchor, int line);
    bool fail(int line, std::string reason);

    /// Whether the next event must be a key.
    [[nodiscard]] bool wants_key() const;
    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
    /// The document, once everything has ended; nothing if there is none.
    [[nodiscard]] std::optional<BuiltValue> take() { return std::exchange(done_, std::nullopt); }

  private:
    /// An object or array whose end has not come yet.
    struct Open {
        BuiltValue built;
        Anchor anchor = kNoAnchor;
        std::optional<std::string> key; ///< read, its value not yet
        int key_line = 0;
        bool merges_next = false; ///< the next value is that of a merge key
        std::vector<BuiltValue> merges;
    };

    /// Checks the limits for a value of this size at the current position.
    bool admit(std::size_t count, std::size_t depth, int line);
    bool complete(BuiltValue built, Anchor anchor);
    bool add_merge(Open& into, BuiltValue from);
    static void add_field(Open& into, std::string name, int line, BuiltValue field);
    static void write_merges(Open& into);

    std::vector<Open> open_;
    std::map<Anchor, BuiltValue> named_;
    std::optional<BuiltValue> done_;
    std::size_t total_ = 0;
    std::optional<Failure> failure_;
};

} // namespace agent::cluster
