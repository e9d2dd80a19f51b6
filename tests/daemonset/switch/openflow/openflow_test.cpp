// The OpenFlow connection against a real switch.
#include "tests/daemonset/switch/openflow/random_flows.h"
#include "tests/daemonset/switch/switch_test.h"

#include <gmock/gmock.h>

namespace agent {
namespace {

using flowgen::Field;
using flowgen::FlowBody;
using flowgen::FlowDelta;
using flowgen::FlowKey;
using flowgen::FlowSet;
using flowgen::Match;
using ::testing::HasSubstr;

FlowDelta additions(const FlowSet& flows) { return flowgen::delta({}, flows); }

class OpenFlowTest : public SwitchTest {
  protected:
    /// The remaining changes from the switch's flows to the desired ones, as text; "" without any.
    std::string difference(const FlowSet& desired) {
        const auto installed = must(run(openflow->dump()));
        const auto delta = flowgen::delta(installed.flows, desired);
        std::string out;
        for (const auto& key : delta.removed) out += "too much: " + flowgen::text(key, installed.flows.at(key)) + "\n";
        for (const auto& [key, body] : delta.added_or_changed) out += "missing: " + flowgen::text(key, body) + "\n";
        for (const auto& flow : installed.foreign) out += "foreign: " + flow.text + "\n";
        return out.substr(0, 2000); // enough to see the fault
    }

    void install(const FlowSet& flows) {
        const auto delta = additions(flows);
        must(run(openflow->apply(delta)));
    }
};

FlowKey ip_flow(std::uint16_t priority) { return {10, priority, Match{}.set(Field::eth_type, 0x0800)}; }
FlowBody to_table(std::uint8_t table) { return {7, {flowgen::GotoTable{table}}}; }

TEST_F(OpenFlowTest, a_new_bridge_has_no_flows) { EXPECT_EQ(difference({}), ""); }

TEST_F(OpenFlowTest, random_flows_come_back_as_they_were_sent) {
    Random random(seed_of_run());
    const auto flows = random_flows(random, 3000);
    install(flows);
    EXPECT_EQ(difference(flows), "");
}

TEST_F(OpenFlowTest, each_random_flow_can_be_deleted_alone) {
    Random random(seed_of_run());
    auto flows = random_flows(random, 200);
    install(flows);
    while (flows.size() > 190) {
        const auto victim = std::next(flows.begin(), static_cast<std::ptrdiff_t>(random() % flows.size()));
        const FlowDelta delta{{victim->first}, {}};
        flows.erase(victim);
        must(run(openflow->apply(delta)));
        ASSERT_EQ(difference(flows), "");
    }
}

TEST_F(OpenFlowTest, a_deleted_flow_leaves_the_one_that_differs_in_priority_alone) {
    install({{ip_flow(5), to_table(20)}, {ip_flow(6), to_table(20)}});
    const FlowDelta delta{{ip_flow(5)}, {}};
    must(run(openflow->apply(delta)));
    EXPECT_EQ(difference({{ip_flow(6), to_table(20)}}), "");
}

TEST_F(OpenFlowTest, an_added_flow_replaces_actions_and_cookie_of_the_same_key) {
    install({{ip_flow(5), to_table(20)}});
    const FlowSet changed{{ip_flow(5), FlowBody{9, {flowgen::Output{3}}}}};
    install(changed);
    EXPECT_EQ(difference(changed), "");
}

TEST_F(OpenFlowTest, a_bundle_with_one_bad_flow_changes_nothing_and_names_it) {
    const FlowSet before{{ip_flow(1), to_table(20)}};
    install(before);
    FlowDelta delta{{ip_flow(1)}, {}};
    for (std::uint16_t priority = 100; priority < 300; ++priority)
        delta.added_or_changed.emplace_back(ip_flow(priority), to_table(priority == 200 ? 3 : 20)); // 3 comes before 10
    const auto applied = run(openflow->apply(delta));
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr("priority=200"));
    EXPECT_THAT(applied.error().message, HasSubstr("OFPBIC_BAD_TABLE_ID"));
    EXPECT_EQ(difference(before), "");
}

TEST_F(OpenFlowTest, a_bundle_that_fails_only_on_commit_changes_nothing_and_names_the_flow) {
    ovs.vsctl("-- --id=@limited create Flow_Table name=limited flow_limit=2 overflow_policy=refuse "
              "-- set Bridge br-int flow_tables:10=@limited");
    const FlowSet before{{ip_flow(1), to_table(20)}};
    install(before);
    const auto delta = additions({{ip_flow(2), to_table(20)}, {ip_flow(3), to_table(20)}});
    const auto applied = run(openflow->apply(delta));
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr("priority=2"));
    EXPECT_THAT(applied.error().message, HasSubstr("OFPFMFC_TABLE_FULL"));
    EXPECT_EQ(difference(before), "");
}

TEST_F(OpenFlowTest, a_bundle_with_a_flow_that_cannot_be_encoded_changes_nothing) {
    const auto delta = additions({{ip_flow(9), to_table(20)}, {ip_flow(8), FlowBody{UINT64_MAX, {}}}});
    const auto applied = run(openflow->apply(delta));
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr("priority=8"));
    EXPECT_EQ(difference({}), "");
}

TEST_F(OpenFlowTest, more_errors_than_the_switch_queues_are_one_error) {
    FlowDelta delta;
    for (std::uint16_t priority = 0; priority < 20000; ++priority)
        delta.added_or_changed.emplace_back(ip_flow(priority), to_table(3));
    const auto applied = run(openflow->apply(delta));
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr("more errors"));
    EXPECT_EQ(difference({}), "");
}

TEST_F(OpenFlowTest, what_our_flows_never_say_is_foreign_and_can_be_deleted) {
    const FlowSet ours{{ip_flow(1), to_table(20)}};
    install(ours);
    for (const auto* flow :
         {"table=10,priority=1,ip,idle_timeout=60,dl_vlan=7,actions=drop",
          "table=10,priority=7,ip,actions=resubmit(,20)", "table=10,priority=8,reg3=5,actions=normal",
          "table=10,priority=9,tun_metadata0=0x5/0xf,actions=controller",
          "table=10,priority=9,tun_metadata0=0x5/0xf0f,idle_timeout=60,actions=drop",
          "table=10,priority=10,ip,importance=3,actions=drop"})
        ovs.ofctl("add-flow", "'" + std::string(flow) + "'");
    const auto installed = must(run(openflow->dump()));
    EXPECT_EQ(installed.foreign.size(), 5U);
    EXPECT_EQ(installed.flows.size(), 2U); // a part of xxreg0, and a port called NORMAL, are ordinary values
    const auto delta = flowgen::delta(installed.flows, ours);
    must(run(openflow->apply(delta, installed.foreign)));
    EXPECT_EQ(difference(ours), "");
}

TEST_F(OpenFlowTest, somebody_elses_changes_are_reported_and_our_own_are_not) {
    install({{ip_flow(1), to_table(20)}, {ip_flow(2), to_table(20)}});
    ovs.ofctl("mod-flows", "--strict 'table=10,priority=2,ip,actions=drop'");
    const auto changed = run(openflow->next_event());
    ASSERT_TRUE(std::holds_alternative<ForeignChange>(changed));
    EXPECT_EQ(std::get<ForeignChange>(changed).flows, 1U);
    EXPECT_THAT(std::get<ForeignChange>(changed).example, HasSubstr("changed cookie=0x7,table=10,priority=2,ip"));

    ovs.ofctl("del-flows", "--strict 'table=10,priority=1,ip'");
    EXPECT_THAT(std::get<ForeignChange>(run(openflow->next_event())).example, HasSubstr("removed"));
    install({{ip_flow(1), to_table(20)}});
    ovs.ofctl("add-flow", "'table=10,priority=3,ip,actions=drop'");
    const auto added = std::get<ForeignChange>(run(openflow->next_event()));
    EXPECT_EQ(added.flows, 1U);
    EXPECT_THAT(added.example, HasSubstr("added"));
}

TEST_F(OpenFlowTest, all_flows_deleted_at_once_are_reported_however_many) {
    FlowSet flows;
    for (std::uint16_t priority = 0; priority < 10000; ++priority) flows[ip_flow(priority)] = to_table(20);
    install(flows);
    ovs.ofctl("del-flows");
    EXPECT_GT(std::get<ForeignChange>(run(openflow->next_event())).flows, 0U);
    install(flows);
    EXPECT_EQ(difference(flows), "");
}

TEST_F(OpenFlowTest, another_tunnel_option_in_the_way_is_named) {
    ovs.ofctl("del-tlv-map");
    ovs.ofctl("add-tlv-map", "'{class=0x102,type=0x3,len=8}->tun_metadata0'");
    const auto mapped = run(openflow->ensure_option_mapping());
    ASSERT_FALSE(mapped);
    EXPECT_THAT(mapped.error().message, HasSubstr("{class=0x102,type=0x3,len=8}->tun_metadata0"));
    ovs.ofctl("del-tlv-map", "'{class=0x102,type=0x3,len=8}->tun_metadata0'"); // the remedy in the message
    EXPECT_TRUE(run(openflow->ensure_option_mapping()));
    EXPECT_TRUE(run(openflow->ensure_option_mapping()));
    EXPECT_THAT(ovs.ofctl("dump-tlv-map"), HasSubstr("0xff10"));
}

TEST_F(OpenFlowTest, a_restarted_switch_is_a_lost_connection_and_can_be_connected_again) {
    install({{ip_flow(1), to_table(20)}});
    ovs.restart_vswitchd();
    EXPECT_TRUE(std::holds_alternative<ConnectionLost>(run(openflow->next_event())));
    EXPECT_TRUE(std::holds_alternative<ConnectionLost>(run(openflow->next_event())));
    const auto delta = additions({{ip_flow(2), to_table(20)}});
    EXPECT_FALSE(run(openflow->apply(delta)));
    must(run(database->settle()));
    connect_openflow();
    EXPECT_EQ(difference({}), "");
    install({{ip_flow(2), to_table(20)}});
    EXPECT_EQ(difference({{ip_flow(2), to_table(20)}}), "");
}

TEST_F(OpenFlowTest, bundles_that_overlap_in_time_are_independent) {
    Random random(seed_of_run());
    FlowSet all;
    std::vector<FlowDelta> deltas;
    for (int i = 0; i < 20; ++i) {
        const auto flows = random_flows(random, i == 0 ? 3000 : 5);
        all.insert(flows.begin(), flows.end());
        deltas.push_back(additions(flows));
    }
    const FlowDelta bad = additions({{ip_flow(1), to_table(3)}});
    std::vector<std::future<outcome::Result<void>>> outcomes;
    outcomes.reserve(deltas.size());
    for (const auto& delta : deltas)
        outcomes.push_back(boost::asio::co_spawn(loop, openflow->apply(delta), boost::asio::use_future));
    EXPECT_FALSE(run(openflow->apply(bad)));
    for (auto& outcome : outcomes) {
        while (outcome.wait_for(std::chrono::seconds(0)) != std::future_status::ready) loop.run_one();
        EXPECT_TRUE(outcome.get());
    }
    EXPECT_EQ(difference(all), "");
}

TEST_F(OpenFlowTest, a_bridge_that_does_not_speak_the_version_says_so) {
    ovs.vsctl("set Bridge br-int protocols=OpenFlow13");
    const auto connected = run(OpenFlowConnection::connect(ovs.openflow_socket()));
    ASSERT_FALSE(connected);
    EXPECT_THAT(connected.error().message, HasSubstr("OpenFlow15"));
}

TEST_F(OpenFlowTest, a_missing_socket_is_an_error_that_names_it) {
    const auto connected = run(OpenFlowConnection::connect(ovs.openflow_socket("br-other")));
    ASSERT_FALSE(connected);
    EXPECT_THAT(connected.error().message, HasSubstr("br-other.mgmt"));
}

} // namespace
} // namespace agent
