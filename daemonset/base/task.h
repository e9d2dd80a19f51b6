// Coroutines of the agent's one thread: what a function that waits returns, and how such a function is started.
//
//   spawn(executor, "follow the host", follow())      works for good: an exception from it ends the process
//   spawn_request(executor, "a CNI request", serve()) serves one request: an exception from it is logged
//
// The agent keeps no state that a restart would lose, so a part that fails in a way that nobody foresaw must not leave
// the rest running without it.
#pragma once

#include <utility> // Boost.Asio 1.81's coroutine headers need it first under g++ 12

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>

namespace agent {

/// What a coroutine returns; `co_await` gives the T.
template <typename T = void> using Task = boost::asio::awaitable<T>;

using TimePoint = std::chrono::steady_clock::time_point;

/// A deadline that never comes.
inline constexpr TimePoint kNever = TimePoint::max();

/// The deadline that comes this long from here.
[[nodiscard]] inline TimePoint after(std::chrono::steady_clock::duration time) {
    return std::chrono::steady_clock::now() + time;
}

/// Lets others work until then.
[[nodiscard]] Task<> sleep_until(TimePoint deadline);

/// Starts what works for as long as the process does. `what` names it in the log. An exception from it is logged, and
/// the process ends: what starts it again starts all of it.
void spawn(const boost::asio::any_io_executor& executor, std::string what, Task<> work);

/// Starts what serves one request, and should answer its own failures. An exception from it is logged, and ends only
/// that request.
void spawn_request(const boost::asio::any_io_executor& executor, std::string what, Task<> work);

} // namespace agent
