// Finds the objects in a JSON text that arrives in pieces, so that the whole text is never in
// memory.
//
//   list:  {"metadata":{...},"items":[ {...} , {...} ]} ──► ListSplitter ──► each object's text, and the rest of the
//   list watch: {...}\n{...}\n                               ──► EventSplitter ──► each event's text
//
// Only the begin and end of objects are detected; their reader checks that they are valid JSON.
#pragma once

#include "daemonset/base/json_nesting.h"
#include "outcome/result.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace agent::kubernetes {

/// Takes the text of one object, valid during the call.
using TakeObject = std::function<void(std::string_view text)>;

/// The longest object, and the longest rest of a list. No API server stores an object of more than 3 MiB.
inline constexpr std::size_t kLongestObject = std::size_t{16} * 1024 * 1024;

/// The objects of the array "items" of one object.
class ListSplitter {
  public:
    /// Errors: an item is not an object, or is longer than kLongestObject.
    [[nodiscard]] outcome::Result<void> feed(std::string_view bytes, const TakeObject& take);
    /// The list without its items (`"items":[]`), once it is complete. Errors: it is incomplete.
    [[nodiscard]] outcome::Result<std::string> finish() const;

  private:
    [[nodiscard]] outcome::Result<void> feed_item(char c, const TakeObject& take);
    void feed_rest(char c);

    JsonNesting nesting_;
    bool in_items_ = false;
    std::string item_; ///< the incomplete object
    std::string rest_; ///< everything but the items
    std::string name_; ///< the last string directly inside the list: at a '[', the name of that field
};

/// Objects one after the other, separated by white space.
class EventSplitter {
  public:
    /// Errors: something that is not an object, or one longer than kLongestObject.
    [[nodiscard]] outcome::Result<void> feed(std::string_view bytes, const TakeObject& take);
    /// Whether no object is incomplete.
    [[nodiscard]] bool between_objects() const { return object_.empty(); }

  private:
    JsonNesting nesting_;
    std::string object_;
};

} // namespace agent::kubernetes
