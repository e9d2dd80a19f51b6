#include "daemonset/base/wakeup.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace agent {

void Wakeup::notify_all() {
    for (auto* const waiter : *waiters_) {
        waiter->notified = true;
        waiter->timer.cancel();
    }
}

Task<bool> Wakeup::wait_until(TimePoint deadline) {
    Waiter waiter{boost::asio::steady_timer(executor_, deadline)};
    // Also when the coroutine is destroyed while it waits.
    struct Registration {
        std::shared_ptr<Waiters> waiters;
        Waiters::iterator place;
        ~Registration() { waiters->erase(place); }
    };
    const Registration registration{waiters_, waiters_->insert(waiters_->end(), &waiter)};
    boost::system::error_code cancelled; // `notified` says as much
    co_await waiter.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    co_return waiter.notified;
}

} // namespace agent
