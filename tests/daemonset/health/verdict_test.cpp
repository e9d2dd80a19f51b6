// When an obstacle counts, with the test's own clock.
#include "daemonset/health/verdict.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

using std::chrono::seconds;

const TimePoint kStart{};
const Obstacle kSwitch{Cause::SwitchUnavailable, "the switch is away"};
const Obstacle kFlows{Cause::FlowsNotInstalled, "flows are missing"};
const Obstacle kNoNode{Cause::NodeMissing, "no Node"};

TEST(Verdict, a_node_that_serves_is_said_to_serve_at_once_and_once) {
    Verdict verdict;
    EXPECT_EQ(verdict.report(), std::nullopt);
    EXPECT_TRUE(verdict.observe(std::nullopt, kStart));
    EXPECT_FALSE(verdict.report()->unavailable);
    EXPECT_EQ(verdict.report()->reason, "OvsCniIsUp");
    EXPECT_FALSE(verdict.observe(std::nullopt, kStart + seconds(1)));
    EXPECT_EQ(verdict.deadline(), kNever);
}

TEST(Verdict, trouble_that_passes_within_the_hold_off_is_not_said) {
    Verdict verdict;
    (void)verdict.observe(std::nullopt, kStart);
    for (int round = 1; round <= 3; ++round) {
        const auto begin = kStart + seconds(20 * round);
        EXPECT_FALSE(verdict.observe(kSwitch, begin));
        EXPECT_EQ(verdict.deadline(), begin + Verdict::kHoldOff);
        EXPECT_FALSE(verdict.observe(kSwitch, begin + Verdict::kHoldOff - seconds(1)));
        EXPECT_FALSE(verdict.observe(std::nullopt, begin + Verdict::kHoldOff - seconds(1)));
        EXPECT_EQ(verdict.deadline(), kNever);
    }
}

TEST(Verdict, trouble_that_lasts_is_said_with_its_latest_cause_and_its_end_at_once) {
    Verdict verdict;
    (void)verdict.observe(std::nullopt, kStart);
    (void)verdict.observe(kSwitch, kStart);
    (void)verdict.observe(kFlows, kStart + seconds(9));
    EXPECT_TRUE(verdict.observe(kFlows, kStart + Verdict::kHoldOff)) << "successive causes count as one obstacle";
    EXPECT_EQ(*verdict.report(), (NetworkReport{true, "FlowsNotInstalled", "flows are missing"}));
    EXPECT_EQ(verdict.deadline(), kNever);
    EXPECT_TRUE(verdict.observe(kSwitch, kStart + seconds(11)));
    EXPECT_EQ(verdict.report()->message, "the switch is away");
    EXPECT_TRUE(verdict.observe(std::nullopt, kStart + seconds(12)));
    EXPECT_FALSE(verdict.report()->unavailable);
}

TEST(Verdict, a_node_that_never_served_is_unavailable_after_the_hold_off) {
    Verdict verdict;
    EXPECT_FALSE(verdict.observe(kSwitch, kStart));
    EXPECT_EQ(verdict.report(), std::nullopt);
    EXPECT_TRUE(verdict.observe(kSwitch, kStart + Verdict::kHoldOff));
    EXPECT_TRUE(verdict.report()->unavailable);
}

TEST(Verdict, without_its_node_object_nothing_is_said_and_a_new_one_begins_anew) {
    Verdict verdict;
    (void)verdict.observe(std::nullopt, kStart);
    EXPECT_TRUE(verdict.observe(kNoNode, kStart + seconds(1)));
    EXPECT_EQ(verdict.report(), std::nullopt);
    EXPECT_EQ(verdict.deadline(), kNever);
    EXPECT_FALSE(verdict.observe(kSwitch, kStart + seconds(60)));
    EXPECT_EQ(verdict.deadline(), kStart + seconds(60) + Verdict::kHoldOff);
}

TEST(Verdict, a_cluster_that_cannot_be_read_is_no_trouble_of_the_node) {
    Verdict verdict;
    EXPECT_FALSE(verdict.observe(Obstacle{Cause::ClusterUnread, "the API is away"}, kStart));
    EXPECT_FALSE(verdict.observe(Obstacle{Cause::ClusterUnread, "the API is away"}, kStart + seconds(3600)));
    EXPECT_EQ(verdict.deadline(), kNever);
}

} // namespace
} // namespace agent
