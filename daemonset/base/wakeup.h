// What coroutines of one thread wait on until something has changed.
//
//   waiter ── co_await changed.wait_until(deadline) ──┐
//   writer ── changes a value, changed.notify_all() ──┴─► the waiter looks at the value again
#pragma once

#include <utility> // Boost.Asio 1.81's coroutine headers need it first under g++ 12

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <list>

namespace agent {

using TimePoint = std::chrono::steady_clock::time_point;

/// A deadline that never comes.
inline constexpr TimePoint kNever = TimePoint::max();

/// The deadline that comes this long from here.
[[nodiscard]] inline TimePoint after(std::chrono::steady_clock::duration time) {
    return std::chrono::steady_clock::now() + time;
}

class Condition {
  public:
    explicit Condition(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// Wakes everybody who waits now.
    void notify_all();
    /// Returns true when notified, false when the deadline came first. Waiters look at the value before and after:
    /// a notification while nobody waits is not kept.
    [[nodiscard]] boost::asio::awaitable<bool> wait_until(TimePoint deadline);
    [[nodiscard]] boost::asio::awaitable<bool> wait() { return wait_until(kNever); }

  private:
    struct Waiter {
        boost::asio::steady_timer timer;
        bool notified = false;
    };

    boost::asio::any_io_executor executor_;
    std::list<Waiter*> waiters_; ///< each lives in its coroutine
};

} // namespace agent
