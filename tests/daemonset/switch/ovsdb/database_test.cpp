// The switch's database against a real ovsdb-server and ovs-vswitchd.
#include "tests/daemonset/switch/switch_test.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace agent {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

PortRequest pod_port(const std::string& name, std::uint32_t ofport) {
    return {name, "", ofport, {}, {{"ovs-cni/container-id", "c-" + name}, {"ovs-cni/version", "1"}}};
}

constexpr int kPorts = 20;

class DatabaseTest : public SwitchTest {
  protected:
    std::vector<std::string> ports() {
        std::vector<std::string> names;
        for (const auto& [id, port] : database->view().ports) names.push_back(port.name);
        std::ranges::sort(names);
        return names;
    }
    std::int64_t configuration() { return database->view().next_cfg; }
};

TEST_F(DatabaseTest, the_bridge_is_as_it_should_be) {
    EXPECT_EQ(ovs.vsctl("get-fail-mode br-int"), "secure\n");
    EXPECT_EQ(ovs.vsctl("get Bridge br-int datapath_type"), "netdev\n");
    EXPECT_EQ(ovs.vsctl("get Bridge br-int protocols"), "[OpenFlow10, OpenFlow13, OpenFlow15]\n");
    EXPECT_THAT(ovs.command("ip link show br-int"), HasSubstr("0a:00:00:00:00:01"));
    EXPECT_THAT(ovs.command("ip link show br-int"), HasSubstr("mtu 1400"));
    ovs.ofctl("add-flow", "table=60,priority=3,actions=drop");
    EXPECT_THAT(ovs.command("ovs-ofctl --names dump-flows unix:" + ovs.openflow_socket()), HasSubstr("table=Routing"));
}

TEST_F(DatabaseTest, ensuring_a_bridge_that_is_right_writes_nothing) {
    const auto before = configuration();
    must(run(database->ensure_bridge(settings)));
    connect_database();
    must(run(database->ensure_bridge(settings)));
    EXPECT_EQ(configuration(), before);
}

TEST_F(DatabaseTest, what_somebody_changed_on_the_bridge_is_corrected_and_the_rest_is_kept) {
    ovs.vsctl("set-fail-mode br-int standalone -- set Bridge br-int other_config:mac-aging-time=7 "
              "other_config:hwaddr=0a:00:00:00:00:99 protocols=OpenFlow13 -- clear Bridge br-int flow_tables "
              "-- set Interface br-int mtu_request=900");
    must(run(database->ensure_bridge(settings)));
    EXPECT_EQ(ovs.vsctl("get-fail-mode br-int"), "secure\n");
    EXPECT_THAT(database->view().bridge("br-int")->other_config,
                ElementsAre(Pair("hwaddr", "0a:00:00:00:00:01"), Pair("mac-aging-time", "7")));
    EXPECT_THAT(ovs.command("ip link show br-int"), HasSubstr("mtu 1400"));
    const auto before = configuration();
    must(run(database->ensure_bridge(settings)));
    EXPECT_EQ(configuration(), before);
}

TEST_F(DatabaseTest, a_removed_bridge_takes_ports_and_table_names_along) {
    ovs.add_veth("pod1", "peer1");
    must(run(database->add_port("br-int", pod_port("pod1", 77))));
    ovs.vsctl("add-br br-other -- set Bridge br-other datapath_type=netdev");
    EXPECT_TRUE(must(run(database->remove_bridge("br-int"))));
    EXPECT_EQ(ovs.vsctl("list-br"), "br-other\n");
    EXPECT_THAT(ports(), ElementsAre("br-other"));
    EXPECT_TRUE(database->view().table_names.empty());
    EXPECT_THAT(ovs.command("ip link"), Not(HasSubstr("br-int")));
    EXPECT_FALSE(must(run(database->remove_bridge("br-int"))));
}

TEST_F(DatabaseTest, the_wait_for_flows_is_seen_and_ended_and_other_settings_are_kept) {
    EXPECT_FALSE(database->view().flow_restore_wait);
    ovs.vsctl("set Open_vSwitch . other_config:flow-restore-wait=true other_config:max-idle=20000");
    must(run(database->settle()));
    EXPECT_TRUE(database->view().flow_restore_wait);
    must(run(database->end_flow_restore()));
    EXPECT_FALSE(database->view().flow_restore_wait);
    EXPECT_EQ(ovs.vsctl("get Open_vSwitch . other_config"), "{max-idle=\"20000\"}\n");
    must(run(database->end_flow_restore())); // nothing to end is not an error
}

TEST_F(DatabaseTest, a_port_is_added_with_the_ofport_asked_for_and_its_record) {
    ovs.add_veth("pod1", "peer1");
    EXPECT_EQ(must(run(database->add_port("br-int", pod_port("pod1", 77)))), 77U);
    EXPECT_EQ(ovs.vsctl("get Interface pod1 ofport"), "77\n");
    EXPECT_THAT(database->view().interface("pod1")->external_ids, Contains(Pair("ovs-cni/container-id", "c-pod1")));
    connect_database();
    EXPECT_EQ(database->view().interface("pod1")->ofport, 77);
    EXPECT_THAT(database->view().interface("pod1")->external_ids, Contains(Pair("ovs-cni/version", "1")));
}

TEST_F(DatabaseTest, a_port_of_the_same_name_is_refused_and_the_first_one_stays) {
    ovs.add_veth("pod1", "peer1");
    must(run(database->add_port("br-int", pod_port("pod1", 77))));
    const auto again = run(database->add_port("br-int", pod_port("pod1", 78)));
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().message, HasSubstr("exists already"));
    EXPECT_EQ(ovs.vsctl("get Interface pod1 ofport"), "77\n");
}

TEST_F(DatabaseTest, of_two_writers_that_add_the_same_port_at_once_exactly_one_succeeds) {
    ovs.add_veth("pod1", "peer1");
    auto first =
        boost::asio::co_spawn(loop, database->add_port("br-int", pod_port("pod1", 77)), boost::asio::use_future);
    const auto second = run(database->add_port("br-int", pod_port("pod1", 78)));
    while (first.wait_for(std::chrono::seconds(0)) != std::future_status::ready) loop.run_one();
    const auto outcome = first.get();
    EXPECT_NE(outcome.has_value(), second.has_value());
    EXPECT_THAT(ports(), ElementsAre("br-int", "pod1"));
}

TEST_F(DatabaseTest, a_missing_device_is_an_error_in_the_switchs_words_and_leaves_nothing) {
    const auto added = run(database->add_port("br-int", pod_port("nosuch", 77)));
    ASSERT_FALSE(added);
    EXPECT_THAT(added.error().message, HasSubstr("nosuch"));
    EXPECT_THAT(added.error().message, HasSubstr("No such device"));
    EXPECT_THAT(ports(), ElementsAre("br-int"));
    EXPECT_EQ(ovs.vsctl("list-ports br-int"), "");
}

TEST_F(DatabaseTest, a_bridge_that_does_not_exist_is_an_error) {
    const auto added = run(database->add_port("br-other", pod_port("pod1", 77)));
    ASSERT_FALSE(added);
    EXPECT_THAT(added.error().message, HasSubstr("no such bridge"));
}

TEST_F(DatabaseTest, many_ports_added_at_once_all_get_different_ofports) {
    std::vector<std::future<outcome::Result<std::uint32_t>>> outcomes;
    for (int i = 0; i < kPorts; ++i) {
        const auto name = "pod" + std::to_string(i);
        ovs.add_veth(name, "peer" + std::to_string(i));
        auto request = pod_port(name, database->next_ofport());
        outcomes.push_back(
            boost::asio::co_spawn(loop, database->add_port("br-int", std::move(request)), boost::asio::use_future));
    }
    std::set<std::uint32_t> ofports;
    for (auto& outcome : outcomes) {
        loop.restart();
        while (outcome.wait_for(std::chrono::seconds(0)) != std::future_status::ready) loop.run_one();
        ofports.insert(must(outcome.get()));
    }
    EXPECT_EQ(ofports.size(), kPorts);
}

TEST_F(DatabaseTest, a_next_ofport_is_one_that_nobody_has) {
    ovs.add_veth("pod1", "peer1");
    must(run(database->add_port("br-int", pod_port("pod1", 1))));
    EXPECT_EQ(database->next_ofport(), 2U);
    EXPECT_EQ(database->next_ofport(), 3U);
}

TEST_F(DatabaseTest, a_removed_port_is_gone_when_the_removal_returns) {
    ovs.add_veth("pod1", "peer1");
    ovs.add_veth("pod2", "peer2");
    must(run(database->add_port("br-int", pod_port("pod1", 77))));
    must(run(database->add_port("br-int", pod_port("pod2", 78))));
    must(run(database->remove_ports("br-int", {"pod1", "unknown"}, RemovalWait::Database)));
    EXPECT_THAT(ports(), ElementsAre("br-int", "pod2"));
    must(run(database->remove_ports("br-int", {"pod2"}, RemovalWait::Switch)));
    EXPECT_THAT(ports(), ElementsAre("br-int"));
    EXPECT_EQ(ovs.ofctl("show").find("pod"), std::string::npos);
    EXPECT_TRUE(run(database->remove_ports("br-int", {"pod1", "pod2"}, RemovalWait::Switch)));
}

TEST_F(DatabaseTest, the_tunnel_port_is_made_once_and_corrected) {
    PortRequest tunnel{"geneve0", "geneve", 5, {{"remote_ip", "flow"}, {"key", "flow"}}, {}};
    EXPECT_EQ(must(run(database->ensure_port("br-int", tunnel))), 5U);
    const auto before = configuration();
    EXPECT_EQ(must(run(database->ensure_port("br-int", tunnel))), 5U);
    EXPECT_EQ(configuration(), before);
    tunnel.options["local_ip"] = "127.0.0.1";
    EXPECT_EQ(must(run(database->ensure_port("br-int", tunnel))), 5U);
    EXPECT_THAT(ovs.vsctl("get Interface geneve0 options"), HasSubstr("local_ip=\"127.0.0.1\""));
}

TEST_F(DatabaseTest, a_record_can_be_replaced) {
    ovs.add_veth("pod1", "peer1");
    must(run(database->add_port("br-int", pod_port("pod1", 77))));
    must(run(database->write_record("pod1", {{"ovs-cni/addresses", "10.0.0.1,fd00::1"}})));
    EXPECT_THAT(database->view().interface("pod1")->external_ids,
                ElementsAre(Pair("ovs-cni/addresses", "10.0.0.1,fd00::1")));
    EXPECT_FALSE(run(database->write_record("nosuch", {})));
}

TEST_F(DatabaseTest, somebody_elses_changes_are_events) {
    ovs.add_veth("pod1", "peer1");
    must(run(database->add_port("br-int", pod_port("pod1", 77))));
    const auto own = std::get<DatabaseChange>(run(database->next_event()));
    EXPECT_THAT(own.interfaces, Contains("pod1"));
    ovs.vsctl("del-port pod1");
    const auto removed = std::get<DatabaseChange>(run(database->next_event()));
    EXPECT_THAT(removed.interfaces, Contains("pod1"));
    EXPECT_EQ(database->view().interface("pod1"), nullptr);
    ovs.vsctl("set-fail-mode br-int standalone");
    EXPECT_TRUE(std::get<DatabaseChange>(run(database->next_event())).bridge);
}

TEST_F(DatabaseTest, ports_survive_a_restart_of_the_switch_with_their_ofports) {
    must(run(database->add_port("br-int", {"inside", "internal", 77, {}, {}})));
    ovs.restart_vswitchd();
    must(run(database->settle()));
    EXPECT_THAT(ovs.ofctl("show"), HasSubstr("77(inside)"));
}

} // namespace
} // namespace agent
