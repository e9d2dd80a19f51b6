// What went wrong, in words that an administrator can act on. Errors are values everywhere in ovs-cni; this header is
// at the root of the include order, so every part may use it.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace ipam {

/// One line: what was tried, on what, why it failed and, where that is known, what to do.
struct Error {
    std::string message;

    auto operator<=>(const Error&) const = default;
};

template <typename T> using Result = std::expected<T, Error>;

/// An unexpected result with this message: `return fail("open " + path + ": " + reason);`
[[nodiscard]] inline std::unexpected<Error> fail(std::string message) {
    return std::unexpected(Error{std::move(message)});
}

} // namespace ipam
