// Coroutines of one thread: wake-ups, pauses, and the ends that nobody foresaw.
#include "daemonset/base/backoff.h"
#include "daemonset/base/log.h"
#include "daemonset/base/wakeup.h"

#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>

namespace agent {
namespace {

using namespace std::chrono_literals;
using boost::asio::io_context;

Task<> wait_for(Wakeup& wakeup, TimePoint deadline, std::vector<bool>& notified) {
    notified.push_back(co_await wakeup.wait_until(deadline));
}

Task<> fail_with(std::string reason) {
    co_await sleep_until(after(0ms));
    throw std::runtime_error(reason);
}

TEST(Wakeup, wakes_every_coroutine_that_waits_and_the_deadline_wakes_the_rest) {
    io_context context;
    Wakeup wakeup(context.get_executor());
    std::vector<bool> notified;
    for (int i = 0; i < 2; ++i) spawn(context.get_executor(), "waiting", wait_for(wakeup, kNever, notified));
    context.poll();
    wakeup.notify_all();
    context.restart();
    context.poll();
    EXPECT_THAT(notified, testing::ElementsAre(true, true));
    spawn(context.get_executor(), "waiting", wait_for(wakeup, after(1ms), notified));
    context.restart();
    context.run();
    EXPECT_THAT(notified, testing::ElementsAre(true, true, false));
}

TEST(Wakeup, and_its_waiters_may_be_destroyed_in_either_order) {
    std::vector<bool> notified;
    {
        std::optional<io_context> context(std::in_place);
        Wakeup outlives(context->get_executor());
        spawn(context->get_executor(), "waiting", wait_for(outlives, kNever, notified));
        context->poll();
        context.reset(); // destroys the waiter
        outlives.notify_all();
    }
    {
        io_context context;
        auto ends_first = std::make_unique<Wakeup>(context.get_executor());
        spawn(context.get_executor(), "waiting", wait_for(*ends_first, kNever, notified));
        context.poll();
        ends_first.reset();
    }
    EXPECT_THAT(notified, testing::IsEmpty());
}

TEST(Spawn, an_exception_from_what_works_for_good_is_logged_and_ends_the_process) {
    const auto run = [] {
        open_log(LogLevel::Info);
        io_context context;
        spawn(context.get_executor(), "following the switch", fail_with("no such thing"));
        context.run();
    };
    EXPECT_DEATH(run(), "which now exits.*part=\"following the switch\" reason=\"no such thing\"");
}

TEST(Spawn, an_exception_from_a_request_ends_only_that_request) {
    io_context context;
    std::vector<bool> notified;
    Wakeup wakeup(context.get_executor());
    spawn_request(context.get_executor(), "a request", fail_with("no such page"));
    spawn_request(context.get_executor(), "another", wait_for(wakeup, after(5ms), notified));
    testing::internal::CaptureStderr();
    open_log(LogLevel::Info);
    context.run();
    EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("reason=\"no such page\""));
    EXPECT_THAT(notified, testing::ElementsAre(false));
}

TEST(Backoff, doubles_up_to_its_bound_and_begins_again_after_a_success) {
    Backoff backoff(100ms, 350ms);
    for (const auto expected : {100ms, 200ms, 350ms, 350ms}) EXPECT_EQ(backoff.pause(), expected);
    backoff.reset();
    EXPECT_EQ(backoff.pause(), 100ms);
}

TEST(Backoff, with_jitter_takes_off_at_most_a_half) {
    Backoff backoff(100ms, 100ms, Jitter::UpToHalf);
    for (int i = 0; i < 200; ++i) EXPECT_THAT(backoff.pause(), testing::AllOf(testing::Ge(50ms), testing::Le(100ms)));
}

} // namespace
} // namespace agent
