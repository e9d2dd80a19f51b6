// DEL, GC and STATUS by raw execution.
#include "tests/ovs-cni/runtime.h"

#include <optional>

namespace ovs_cni {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

class Del : public Runtime {};
class Gc : public Runtime {};
class Status : public Runtime {};

TEST_F(Del, removes_both_ends_and_tells_the_agent) {
    (void)add();
    const auto deleted = call("DEL");
    expect_success(deleted);
    EXPECT_EQ(deleted.output, "");
    EXPECT_THAT(host.links(), IsEmpty());
    EXPECT_THAT(sandbox.links(), IsEmpty());
    EXPECT_EQ(std::get<DelRequest>(agent.requests().back()), (DelRequest{{"c0ffee", "eth0"}, "pods"}));
}

TEST_F(Del, succeeds_however_often_it_is_called) {
    (void)add();
    for (int i = 0; i < 3; ++i) expect_success(call("DEL"));
    EXPECT_EQ(agent.count<DelRequest>(), 3);
}

TEST_F(Del, needs_no_sandbox) {
    std::optional<PrivateNamespace> passing(std::in_place);
    expect_success(call("ADD", {{"CNI_NETNS", passing->path()}}));
    const auto path = passing->path();
    passing.reset();
    expect_success(call("DEL", {{"CNI_NETNS", path}}));
    expect_success(call("DEL", {{"CNI_NETNS", ""}}));
    expect_success(call("DEL", {{"CNI_NETNS", "/nonexistent"}}));
    EXPECT_THAT(host.links(), IsEmpty());
}

TEST_F(Del, with_the_sandbox_there_but_not_named_removes_the_interface_all_the_same) {
    (void)add();
    expect_success(call("DEL", {{"CNI_NETNS", ""}, {"CNI_ARGS", "not a pair"}}));
    EXPECT_THAT(host.links(), IsEmpty());
    EXPECT_THAT(sandbox.links(), IsEmpty());
}

TEST_F(Del, leaves_other_attachments_of_the_container_alone) {
    (void)add();
    expect_success(call("ADD", {{"CNI_IFNAME", "net1"}}));
    expect_success(call("DEL"));
    EXPECT_THAT(sandbox.links(), ElementsAre("net1"));
    EXPECT_EQ(host.links().size(), 1U);
}

TEST_F(Del, frees_the_name_at_once_for_the_next_add) {
    for (int i = 0; i < 5; ++i) {
        (void)add();
        expect_success(call("DEL"));
    }
    EXPECT_THAT(host.links(), IsEmpty());
}

TEST_F(Del, cuts_the_pod_off_and_asks_to_be_called_again_when_the_agent_is_down) {
    (void)add();
    agent.stop();
    expect_error(call("DEL"), cni_code::kTryAgain, "its address stays taken until DEL or GC reaches the agent");
    EXPECT_THAT(host.links(), IsEmpty());
    EXPECT_THAT(sandbox.links(), IsEmpty());
}

TEST_F(Del, follows_the_agents_record_to_an_interface_of_another_name) {
    host.run("ip link add older type bridge");
    agent.answer([](const Request&) { return encode_response(DelResponse{"older"}); });
    expect_success(call("DEL"));
    EXPECT_THAT(host.links(), IsEmpty());
}

TEST_F(Gc, passes_the_list_on_and_removes_the_interfaces_that_the_agent_names) {
    host.run("ip link add stale1 type bridge; ip link add stale2 type bridge; ip link add other type bridge");
    agent.answer([](const Request&) {
        return encode_response(
            GcResponse{{{{"old1", "eth0"}, "stale1"}, {{"old2", "eth0"}, "stale2"}, {{"old3", "eth0"}, "gone"}}});
    });
    const json valid = json::array({{{"containerID", "c0ffee"}, {"ifname", "eth0"}}});
    const auto collected = call("GC", {{"CNI_CONTAINERID", ""}, {"CNI_NETNS", ""}, {"CNI_IFNAME", ""}},
                                {{"cni.dev/valid-attachments", valid}});
    expect_success(collected);
    EXPECT_EQ(collected.output, "");
    EXPECT_THAT(host.links(), ElementsAre("other"));
    EXPECT_EQ(std::get<GcRequest>(agent.requests().at(0)), (GcRequest{"pods", {{"c0ffee", "eth0"}}}));
}

TEST_F(Gc, without_a_list_removes_nothing) {
    expect_error(call("GC"), cni_code::kInvalidConfig, "cni.dev/valid-attachments");
    EXPECT_THAT(agent.requests(), IsEmpty());
}

TEST_F(Gc, with_an_empty_list_asks_to_remove_everything_of_its_network) {
    expect_success(call("GC", {}, {{"cni.dev/valid-attachments", json::array()}}));
    EXPECT_EQ(std::get<GcRequest>(agent.requests().at(0)), (GcRequest{"pods", {}}));
}

TEST_F(Status, says_nothing_when_all_is_well) {
    const auto status = call("STATUS", {{"CNI_CONTAINERID", ""}, {"CNI_NETNS", ""}, {"CNI_IFNAME", ""}});
    expect_success(status);
    EXPECT_EQ(status.output, "");
}

TEST_F(Status, is_not_available_when_the_agent_cannot_serve) {
    agent.answer(
        [](const Request&) { return encode_response(CniError{cni_code::kTryAgain, "the switch is away", ""}); });
    expect_error(call("STATUS"), cni_code::kNotAvailable, "the switch is away");
    agent.stop();
    expect_error(call("STATUS"), cni_code::kNotAvailable, "is ovs-cni-agent running");
}

TEST_F(Status, is_limited_when_the_agent_says_so) {
    agent.answer(
        [](const Request&) { return encode_response(CniError{cni_code::kLimited, "3 addresses are left", ""}); });
    expect_error(call("STATUS"), cni_code::kLimited, "3 addresses are left");
}

/// The median of 21 calls in milliseconds, so that a disturbed call does not matter.
template <typename Call> double median_time(const Call& call) {
    std::vector<double> times;
    for (int i = 0; i < 21; ++i) times.push_back(call().time.count());
    std::ranges::nth_element(times, times.begin() + 10);
    return times[10];
}

TEST_F(Status, is_answered_within_five_milliseconds) {
    if (OVS_CNI_INSTRUMENTED) GTEST_SKIP() << "sanitizers slow it down";
    EXPECT_LT(median_time([&] { return call("STATUS"); }), 5);
}

class Version : public Runtime {};

TEST_F(Version, lists_what_is_supported_and_echoes_what_it_was_asked_in) {
    const auto finished = call("VERSION", {}, {{"cniVersion", "0.4.0"}});
    expect_success(finished);
    EXPECT_EQ(finished.json(),
              (json{{"cniVersion", "0.4.0"}, {"supportedVersions", {"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}}}));
    const auto without_input = PluginProcess(host.get(), {OVS_CNI_PROGRAM, {{"CNI_COMMAND", "VERSION"}}, ""}).finish();
    expect_success(without_input);
    EXPECT_EQ(without_input.json().at("cniVersion"), "1.1.0");
}

TEST_F(Version, is_answered_within_three_milliseconds) {
    if (OVS_CNI_INSTRUMENTED) GTEST_SKIP() << "sanitizers slow it down";
    EXPECT_LT(median_time([&] { return call("VERSION"); }), 3);
}

TEST_F(Version, started_by_hand_the_plugin_says_what_it_is_on_standard_error) {
    const auto finished = PluginProcess(host.get(), {OVS_CNI_PROGRAM, {}, ""}).finish();
    EXPECT_EQ(finished.exit_code, 0);
    EXPECT_EQ(finished.output, "");
    EXPECT_THAT(finished.errors, testing::StartsWith("ovs-cni: the CNI plugin"));
}

} // namespace
} // namespace ovs_cni
