// The result of a function that can fail: errors are values everywhere in ovs-cni. This header is
// at the bottom of the include order, so every part may use it.
//
//   Result<T> f() ──► ASSIGN_OR_RETURN(const auto value, f()) ──► the value, or the caller returns f's error
#pragma once

#include <expected>
#include <string>
#include <type_traits>
#include <utility>

namespace outcome {

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

/// Passes `result` on for RETURN_IF_ERROR, which destroys its value: a guard in it would end too early.
template <typename R> [[nodiscard]] R&& without_guard(R&& result) {
    using Value = typename std::remove_cvref_t<R>::value_type;
    static_assert(std::is_void_v<Value> || std::is_trivially_destructible_v<Value>,
                  "RETURN_IF_ERROR drops a value that owns something: give it a name by ASSIGN_OR_RETURN");
    return std::forward<R>(result);
}

} // namespace outcome

/// Returns the error of `expression`, a std::expected of any value, from the calling function if it failed.
#define RETURN_IF_ERROR(...) OUTCOME_RETURN_IF_ERROR(return, __VA_ARGS__)
/// The same in a coroutine.
#define CO_RETURN_IF_ERROR(...) OUTCOME_RETURN_IF_ERROR(co_return, __VA_ARGS__)

/// Makes `declaration` the value of the expression after it, or returns that expression's error:
/// `ASSIGN_OR_RETURN(const auto text, read_whole(file));`. It expands to two statements, so it
/// needs a block with braces around it.
#define ASSIGN_OR_RETURN(declaration, ...)                                                                             \
    OUTCOME_ASSIGN_OR_RETURN(return, OUTCOME_JOIN(outcome_result_, __COUNTER__), declaration, __VA_ARGS__)
/// The same in a coroutine.
#define CO_ASSIGN_OR_RETURN(declaration, ...)                                                                          \
    OUTCOME_ASSIGN_OR_RETURN(co_return, OUTCOME_JOIN(outcome_result_, __COUNTER__), declaration, __VA_ARGS__)

#define OUTCOME_JOIN_AGAIN(a, b) a##b
#define OUTCOME_JOIN(a, b) OUTCOME_JOIN_AGAIN(a, b)
#define OUTCOME_RETURN_IF_ERROR(leave, ...)                                                                            \
    if (auto outcome_result = outcome::without_guard(__VA_ARGS__); !outcome_result)                                    \
    leave std::unexpected(std::move(outcome_result).error())
#define OUTCOME_ASSIGN_OR_RETURN(leave, result, declaration, ...)                                                      \
    auto result = (__VA_ARGS__);                                                                                       \
    if (!result) leave std::unexpected(std::move(result).error());                                                     \
    declaration = *std::move(result)
