// Coroutines of the agent's one thread: the return type of a function that waits, and how to start
// one.
//
//   spawn(executor, "follow the host", follow())      runs for good: an exception from it ends the process
//   spawn_request(executor, "a CNI request", serve()) serves one request: an exception from it is logged
//
// The agent keeps no state that a restart would lose, so a part that fails in an unforeseen way
// must not leave the rest running without it.
#pragma once

#include <utility> // Boost.Asio 1.81's coroutine headers need it first under g++ 12

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>

namespace agent {

/// The return type of a coroutine; `co_await` gives the T.
template <typename T = void> using Task = boost::asio::awaitable<T>;

using TimePoint = std::chrono::steady_clock::time_point;

/// A deadline that never comes.
inline constexpr TimePoint kNever = TimePoint::max();

/// The deadline this long from now.
[[nodiscard]] inline TimePoint after(std::chrono::steady_clock::duration time) {
    return std::chrono::steady_clock::now() + time;
}

/// Suspends until then.
[[nodiscard]] Task<> sleep_until(TimePoint deadline);

/// Starts a coroutine that runs as long as the process. `what` names it in the log. An exception
/// from it is logged and ends the process, so that a restart starts every part anew.
void spawn(const boost::asio::any_io_executor& executor, std::string what, Task<> work);

/// Starts a coroutine that serves one request and answers its own failures. An exception from it is
/// logged and ends only that request.
void spawn_request(const boost::asio::any_io_executor& executor, std::string what, Task<> work);

} // namespace agent
