#include "daemonset/base/task.h"

#include "daemonset/base/log.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <exception>

namespace agent {
namespace {

namespace asio = boost::asio;

std::string reason_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
        return exception.what();
    } catch (...) {
        return "an exception of an unknown type";
    }
}

} // namespace

Task<> sleep_until(TimePoint deadline) {
    asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
    boost::system::error_code ignored; // nothing cancels this timer
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void spawn(const asio::any_io_executor& executor, std::string what, Task<> work) {
    asio::co_spawn(executor, std::move(work), [what = std::move(what)](const std::exception_ptr& thrown) {
        if (!thrown) return;
        log_error("internal error in a part of the agent, which now exits: please file a bug",
                  {{"part", what}, {"reason", reason_of(thrown)}});
        std::abort(); // a core file shows where
    });
}

void spawn_request(const asio::any_io_executor& executor, std::string what, Task<> work) {
    asio::co_spawn(executor, std::move(work), [what = std::move(what)](const std::exception_ptr& thrown) {
        if (thrown)
            log_error("internal error in a request: please file a bug",
                      {{"request", what}, {"reason", reason_of(thrown)}});
    });
}

} // namespace agent
