// Lets coroutines of one thread wait until something has changed.
//
//   waiter ── co_await changed.wait_until(deadline) ──┐
//   writer ── changes a value, changed.notify_all() ──┴─► the waiter looks at the value again
#pragma once

#include "daemonset/base/task.h"

#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>

namespace agent {

class Wakeup {
  public:
    explicit Wakeup(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// Wakes every coroutine that is waiting now.
    void notify_all();
    /// Returns true when notified, false when the deadline came first. Waiters look at the value
    /// before and after: a notification without a waiter is lost.
    [[nodiscard]] Task<bool> wait_until(TimePoint deadline);
    [[nodiscard]] Task<bool> wait() { return wait_until(kNever); }

  private:
    struct Waiter {
        boost::asio::steady_timer timer;
        bool notified = false;
    };

    boost::asio::any_io_executor executor_;
    using Waiters = std::list<Waiter*>; ///< each lives in its coroutine

    /// Shared with the coroutines that wait: they may be destroyed before this object or after it.
    std::shared_ptr<Waiters> waiters_ = std::make_shared<Waiters>();
};

} // namespace agent
