// Builds a JSON value and the lines of its parts from the events of a parser.
//
//   YAML parser ─┐  key, scalar, begin, end, alias, each with its line
//                ├──► DocumentBuilder ──► BuiltValue { json, LineTree }
//   JSON parser ─┘
//
// The rules that hold for both formats are here: no key twice in an object, bounded depth, bounded size.
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

/// A value and where it stands.
struct BuiltValue {
    nlohmann::json value;
    LineTree lines;
    std::size_t count = 1; ///< of the values that it is made of, itself included
    std::size_t depth = 0; ///< of the objects and arrays inside each other, itself included
};

/// Every event returns false once something is wrong; `failure()` then says what, and at which line.
class DocumentBuilder {
  public:
    /// A number that names a value for aliases to come; kNoAnchor names nothing.
    using Anchor = std::size_t;
    static constexpr Anchor kNoAnchor = 0;
    static constexpr std::size_t kDeepest = 200;        ///< objects and arrays inside each other
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
    /// A copy of the value that `anchor` names; where a key has to come, its text is the key.
    bool alias(Anchor anchor, int line);
    bool fail(int line, std::string reason);

    /// Whether the next event has to be a key.
    [[nodiscard]] bool wants_key() const;
    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
    /// The document, once everything has ended; nothing when there was none.
    [[nodiscard]] std::optional<BuiltValue> take() { return std::exchange(done_, std::nullopt); }

  private:
    /// An object or array whose end is still to come.
    struct Open {
        BuiltValue built;
        Anchor anchor = kNoAnchor;
        std::optional<std::string> key; ///< announced, its value still to come
        int key_line = 0;
        bool merges_next = false; ///< the value to come is that of a merge key
        std::vector<BuiltValue> merges;
    };

    /// Room for a value of this size at the present place, or a failure.
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
