// Lists in words, for logs, errors and pages. This room is at the bottom of the include order, so
// every part may use it.
//
//   {"a", "b", "c", "d"} ──► join: "a, b, c, d"    some_of 2: "a, b and 2 more"    first_of: "a (and 3 more)"
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace words {

/// Converts an element of `Range` to a text that can be appended to a string.
template <typename Projection, typename Range>
concept TextOf = requires(Projection& projection, std::string& out, std::ranges::range_reference_t<Range> element) {
    out += std::invoke(projection, std::forward<decltype(element)>(element));
};

/// The elements' texts, in order, with `separator` between two.
template <std::ranges::input_range Range, TextOf<Range> Projection = std::identity>
[[nodiscard]] std::string join(Range&& range, Projection projection = {}, std::string_view separator = ", ") {
    std::string out;
    bool first = true;
    for (auto&& element : range) {
        if (!std::exchange(first, false)) out += separator;
        out += std::invoke(projection, std::forward<decltype(element)>(element));
    }
    return out;
}

template <std::ranges::input_range Range> [[nodiscard]] std::string join(Range&& range, std::string_view separator) {
    return join(std::forward<Range>(range), std::identity(), separator);
}

/// " and 2 more"; nothing for none.
[[nodiscard]] inline std::string and_more(std::size_t count) {
    return count == 0 ? std::string() : " and " + std::to_string(count) + " more";
}

/// The first `most` elements, and the number of the others.
template <std::ranges::forward_range Range, TextOf<Range> Projection = std::identity>
[[nodiscard]] std::string some_of(Range&& range, std::size_t most, Projection projection = {}) {
    const auto count = static_cast<std::size_t>(std::ranges::distance(range));
    const auto named = std::min(count, most);
    return join(range | std::views::take(static_cast<std::ptrdiff_t>(named)), std::move(projection)) +
           and_more(count - named);
}

/// The first element, and in parentheses the number of the others; nothing of an empty range.
template <std::ranges::forward_range Range, TextOf<Range> Projection = std::identity>
[[nodiscard]] std::string first_of(Range&& range, Projection projection = {}) {
    const auto count = std::ranges::distance(range);
    const auto first = join(range | std::views::take(1), std::move(projection));
    return count > 1 ? first + " (and " + std::to_string(count - 1) + " more)" : first;
}

} // namespace words
