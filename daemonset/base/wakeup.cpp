#include "daemonset/base/wakeup.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace agent {

void Condition::notify_all() {
    for (auto* const waiter : waiters_) {
        waiter->notified = true;
        waiter->timer.cancel();
    }
}

boost::asio::awaitable<bool> Condition::wait_until(TimePoint deadline) {
    Waiter waiter{boost::asio::steady_timer(executor_, deadline)};
    const auto place = waiters_.insert(waiters_.end(), &waiter);
    boost::system::error_code cancelled; // says nothing that `notified` does not
    co_await waiter.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    waiters_.erase(place);
    co_return waiter.notified;
}

} // namespace agent
