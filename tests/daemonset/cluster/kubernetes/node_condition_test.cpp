// The node's condition: what is written, when, and how often.
#include "daemonset/cluster/kubernetes/node_condition.h"
#include "tests/daemonset/cluster/kubernetes/client/scripted_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace agent::kubernetes {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

const NetworkReport kServes{false, "OvsCniIsUp", "pods are served"};
const NetworkReport kNoRange{true, "NoPodCIDR", "no podCIDR"};
constexpr auto kTime = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z";

/// A condition in the form of the API.
json stored(const NetworkReport& report) {
    return {{"type", "NetworkUnavailable"},
            {"status", report.unavailable ? "True" : "False"},
            {"reason", report.reason},
            {"message", report.message},
            {"lastTransitionTime", "2020-01-01T00:00:00Z"}};
}

json node_object(const std::string& name, const json& conditions) {
    return {{"metadata", {{"name", name}}}, {"status", {{"conditions", conditions}}}};
}

SeenNode seen_with(const NetworkReport& report) {
    return {true, network_condition(node_object("n1", json::array({stored(report)})))};
}

class NodeConditionTest : public ::testing::Test {
  protected:
    NodeConditionTest() {
        timing.first_retry = std::chrono::milliseconds(1);
        timing.longest_retry = std::chrono::milliseconds(4);
        timing.echo = std::chrono::milliseconds(1);
        asio::co_spawn(context, condition.run(), asio::detached);
    }

    ReadAccess access() {
        return [this]() -> outcome::Result<Access> {
            Access access;
            access.servers = {parse_server_url(server.url()).value()};
            return access;
        };
    }

    [[nodiscard]] std::size_t writes() const { return server.count("PATCH "); }
    /// The condition in a request of this number.
    [[nodiscard]] json written(std::size_t number) const {
        const auto& request = server.requests().at(number);
        return json::parse(request.substr(request.find("\r\n\r\n")))["status"]["conditions"].at(0);
    }
    /// Lets all pending work happen; an unwanted write would be part of it.
    void settle() {
        asio::steady_timer timer(context, std::chrono::milliseconds(30));
        bool over = false;
        timer.async_wait([&](boost::system::error_code) { over = true; });
        ASSERT_TRUE(run_until(context, [&] { return over; }));
    }

    asio::io_context context;
    unsigned status = 200;
    ScriptedServer server{context, [this](const std::string&) { return http_answer(status, "{}"); }};
    Timing timing;
    ApiServers servers{context.get_executor(), access(), timing};
    NodeCondition condition{servers, "n1"};
};

TEST_F(NodeConditionTest, a_new_one_is_written_whole_to_the_status_of_the_node) {
    condition.report(kServes);
    condition.seen({true, {}});
    ASSERT_TRUE(run_until(context, [&] { return writes() == 1; }));
    EXPECT_THAT(server.requests().at(0), AllOf(HasSubstr("PATCH /api/v1/nodes/n1/status HTTP/1.1\r\n"),
                                               HasSubstr("Content-Type: application/strategic-merge-patch+json\r\n")));
    const auto condition_written = written(0);
    EXPECT_EQ(condition_written["type"], "NetworkUnavailable");
    EXPECT_EQ(condition_written["status"], "False");
    EXPECT_EQ(condition_written["reason"], "OvsCniIsUp");
    EXPECT_EQ(condition_written["message"], "pods are served");
    EXPECT_THAT(condition_written["lastTransitionTime"].get<std::string>(), MatchesRegex(kTime));
    EXPECT_THAT(condition_written["lastHeartbeatTime"].get<std::string>(), MatchesRegex(kTime));
}

TEST_F(NodeConditionTest, nothing_is_written_before_both_sides_are_known_or_while_they_agree) {
    condition.seen(seen_with(kNoRange));
    settle();
    condition.report(std::nullopt);
    settle();
    condition.report(kNoRange);
    settle();
    condition.seen({});
    condition.report(kServes);
    settle();
    EXPECT_EQ(writes(), 0U);
}

TEST_F(NodeConditionTest, each_change_is_written_once_and_a_transition_is_a_change_of_status) {
    condition.seen(seen_with(kServes));
    condition.report(kNoRange);
    ASSERT_TRUE(run_until(context, [&] { return writes() == 1; }));
    settle();
    condition.report(kNoRange);
    condition.seen(seen_with(kNoRange));
    settle();
    EXPECT_EQ(writes(), 1U);
    condition.report(NetworkReport{true, "SwitchUnavailable", "no switch"});
    ASSERT_TRUE(run_until(context, [&] { return writes() == 2; }));
    EXPECT_TRUE(written(0).contains("lastTransitionTime"));
    EXPECT_FALSE(written(1).contains("lastTransitionTime")) << "it was true before";
    EXPECT_EQ(written(1)["reason"], "SwitchUnavailable");
}

TEST_F(NodeConditionTest, what_somebody_else_writes_is_put_right_and_a_node_made_anew_too) {
    condition.report(kServes);
    condition.seen(seen_with(kServes));
    condition.seen(seen_with({true, "NoRouteCreated", "no route"}));
    ASSERT_TRUE(run_until(context, [&] { return writes() == 1; }));
    EXPECT_EQ(written(0)["status"], "False");
    settle();
    condition.seen({});
    condition.seen({true, {}});
    ASSERT_TRUE(run_until(context, [&] { return writes() == 2; }));
    EXPECT_TRUE(written(1).contains("lastTransitionTime"));
}

TEST_F(NodeConditionTest, what_the_api_refuses_is_tried_again_until_it_takes_it) {
    status = 503;
    condition.report(kServes);
    condition.seen({true, {}});
    ASSERT_TRUE(run_until(context, [&] { return writes() == 3; }));
    condition.report(kNoRange);
    status = 200;
    ASSERT_TRUE(run_until(context, [&] { return writes() > 3 && written(writes() - 1)["reason"] == "NoPodCIDR"; }));
    const auto count = writes();
    settle();
    EXPECT_EQ(writes(), count);
}

TEST_F(NodeConditionTest, is_removed_from_the_node_if_it_is_ours) {
    auto conditions = json::array({{{"type", "Ready"}, {"reason", "KubeletReady"}}, stored(kNoRange)});
    ScriptedServer other(context,
                         [&](const std::string&) { return http_answer(200, node_object("n1", conditions).dump()); });
    ApiServers others(
        context.get_executor(),
        [&]() -> outcome::Result<Access> {
            Access access;
            access.servers = {parse_server_url(other.url()).value()};
            return access;
        },
        timing);
    const auto remove = [&] {
        std::optional<outcome::Result<bool>> answer;
        asio::co_spawn(context, remove_condition(others, "n1"),
                       [&](const std::exception_ptr&, outcome::Result<bool> given) { answer = std::move(given); });
        EXPECT_TRUE(run_until(context, [&] { return answer.has_value(); }));
        return answer->value_or(false);
    };
    EXPECT_TRUE(remove());
    EXPECT_THAT(other.requests().back(), AllOf(HasSubstr("PATCH /api/v1/nodes/n1/status"),
                                               HasSubstr(R"({"$patch":"delete","type":"NetworkUnavailable"})")));
    conditions[1]["reason"] = "CalicoIsUp";
    EXPECT_FALSE(remove());
    EXPECT_EQ(other.count("PATCH"), 1U);
}

/// A sink that only counts.
struct Counter : ObjectSink {
    int calls = 0;
    void begin_list() override { ++calls; }
    void listed(json) override { ++calls; }
    void end_list() override { ++calls; }
    void changed(json) override { ++calls; }
    void deleted(const json&) override { ++calls; }
    void unreadable(const std::string&) override { ++calls; }
};

TEST(OwnNode, is_picked_out_of_all_nodes_which_go_on_to_the_next_sink) {
    Counter next;
    OwnNode own("n1", next);
    own.begin_list();
    own.listed(node_object("n2", json::array({stored(kNoRange)})));
    own.listed(node_object("n1", json::array({{{"type", "Ready"}, {"status", "True"}}, stored(kServes)})));
    EXPECT_FALSE(own.seen().exists) << "a list counts when it is complete";
    own.end_list();
    EXPECT_EQ(own.seen(), seen_with(kServes));
    own.changed(node_object("n2", json::array({stored(kNoRange)})));
    EXPECT_EQ(own.seen(), seen_with(kServes));
    own.changed(node_object("n1", json()));
    EXPECT_EQ(own.seen(), (SeenNode{true, {}}));
    own.deleted(node_object("n2", json()));
    EXPECT_TRUE(own.seen().exists);
    own.deleted(node_object("n1", json()));
    EXPECT_FALSE(own.seen().exists);
    own.unreadable("x");
    EXPECT_EQ(next.calls, 9);
}

} // namespace
} // namespace agent::kubernetes
