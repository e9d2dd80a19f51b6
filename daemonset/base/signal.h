// A place where coroutines of one thread wait until somebody says that things have changed.
//
//   while (!condition) co_await signal.wait();          condition = true; signal.notify();
//
// For this folder's sources only.
#pragma once

#include <utility> // before Boost.Asio, which uses std::exchange without including it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace agent {

class Signal {
  public:
    using Deadline = boost::asio::steady_timer::time_point;

    explicit Signal(const boost::asio::any_io_executor& executor) : timer_(executor, Deadline::max()) {}

    /// Wakes everybody who waits now; who comes later waits for the next time.
    void notify() { timer_.cancel(); }

    /// Until notified.
    boost::asio::awaitable<void> wait() { return wait_until(Deadline::max()); }

    /// Until notified, or the deadline has passed. With a deadline, for one waiter at a time.
    boost::asio::awaitable<void> wait_until(Deadline deadline) {
        if (timer_.expiry() != deadline) timer_.expires_at(deadline);
        boost::system::error_code why_woken;
        co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, why_woken));
    }

  private:
    boost::asio::steady_timer timer_;
};

} // namespace agent
