#include "daemonset/cluster/kubernetes/object_splitter.h"

namespace agent::kubernetes {
namespace {

using outcome::fail;
using outcome::Result;

/// The depth of the items in the array "items".
constexpr int kItemDepth = 2;
/// A larger buffer is freed once its object has been taken.
constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::unexpected<outcome::Error> no_object(char c) {
    return fail(std::string("the API server's answer has '") + c + "' where an object should begin");
}

std::unexpected<outcome::Error> too_long() {
    return fail("the API server's answer has an object of more than " + std::to_string(kLongestObject) + " bytes");
}

void take_and_clear(std::string& object, const TakeObject& take) {
    take(object);
    object.clear();
    if (object.capacity() > kKeptBytes) std::string().swap(object);
}

} // namespace

Result<void> ListSplitter::feed(std::string_view bytes, const TakeObject& take) {
    for (const char c : bytes) {
        if (!in_items_) {
            feed_rest(c);
        } else if (auto fed = feed_item(c, take); !fed) {
            return fed;
        }
    }
    if (item_.size() > kLongestObject || rest_.size() > kLongestObject) return too_long();
    return {};
}

Result<void> ListSplitter::feed_item(char c, const TakeObject& take) {
    const bool between = nesting_.depth() == kItemDepth;
    if (between && c != '{' && c != ']' && c != ',' && !is_space(c)) return no_object(c);
    nesting_.take(c);
    if (!between || c == '{') {
        item_ += c;
        if (nesting_.depth() == kItemDepth) take_and_clear(item_, take);
    } else if (c == ']') {
        in_items_ = false;
        rest_ += c;
    }
    return {};
}

void ListSplitter::feed_rest(char c) {
    const bool outer = nesting_.depth() == 1;
    const bool was_in_string = nesting_.in_string();
    nesting_.take(c);
    rest_ += c;
    if (!outer) return;
    if (!was_in_string && nesting_.in_string())
        name_.clear();
    else if (was_in_string && nesting_.in_string())
        name_ += c;
    else if (!was_in_string && c == '[')
        in_items_ = name_ == "items";
}

Result<std::string> ListSplitter::finish() const {
    if (rest_.empty() || nesting_.depth() != 0) return fail("the API server's list ended in the middle");
    return rest_;
}

Result<void> EventSplitter::feed(std::string_view bytes, const TakeObject& take) {
    for (const char c : bytes) {
        if (object_.empty() && is_space(c)) continue;
        if (object_.empty() && c != '{') return no_object(c);
        object_ += c;
        if (nesting_.take(c)) take_and_clear(object_, take);
    }
    if (object_.size() > kLongestObject) return too_long();
    return {};
}

} // namespace agent::kubernetes
