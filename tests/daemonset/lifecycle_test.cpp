// The agent from start to exit: what it installs, leaves alone and restores.
#include "tests/daemonset/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Lifecycle, a_started_agent_is_ready_with_every_desired_flow_installed) {
    Node node;
    node.start_ready_agent();
    const auto debug = node.debug();
    EXPECT_GT(debug["flows"]["desired"], 50);
    EXPECT_EQ(debug["flows"]["desired"], debug["flows"]["installed"]);
    EXPECT_EQ(node.flows().size(), debug["flows"]["installed"]);
    EXPECT_EQ(node.get("/healthz").status, 200);
    EXPECT_EQ(node.metric("ovs_cni_ready"), 1);
    EXPECT_THAT(node.vsctl("get bridge br-int fail_mode"), HasSubstr("secure"));
    EXPECT_THAT(node.vsctl("get interface geneve0 type"), HasSubstr("geneve"));
}

TEST(Lifecycle, the_gateway_has_address_mtu_and_routes_to_all_nodes) {
    Node node;
    node.start_ready_agent();
    EXPECT_THAT(node.command("ip addr show br-int"), HasSubstr("inet 10.244.1.1/32"));
    EXPECT_THAT(node.command("ip addr show br-int"), HasSubstr("inet6 fd00:10:244:1::1/128"));
    EXPECT_THAT(node.command("ip link show br-int"), HasSubstr("mtu 1430"));
    EXPECT_THAT(node.command("ip route show 10.244.2.0/24"), HasSubstr("via 169.254.1.1 dev br-int"));
    EXPECT_THAT(node.command("ip -6 route show fd00:10:244:2::/64"), HasSubstr("via fe80::1 dev br-int"));
    EXPECT_EQ(node.command("cat /proc/sys/net/ipv4/ip_forward"), "1\n");
    EXPECT_EQ(node.command("cat /proc/sys/net/ipv6/conf/all/forwarding"), "1\n");
}

TEST(Lifecycle, routes_follow_nodes_that_come_and_go) {
    Node node;
    node.start_ready_agent();
    node.write("node3.yaml", "{apiVersion: v1, kind: Node, metadata: {name: node3}, spec: {podCIDRs: [10.244.3.0/24]}, "
                             "status: {addresses: [{type: InternalIP, address: 172.30.0.3}]}}\n");
    EXPECT_EQ(node.get("/debug/sync").status, 200);
    EXPECT_THAT(node.command("ip route show 10.244.3.0/24"), HasSubstr("src 10.244.1.1"));
    EXPECT_THAT(node.command("nft list set inet ovs-cni cluster4"), HasSubstr("172.30.0.3"));
    node.remove("node3.yaml");
    EXPECT_EQ(node.get("/debug/sync").status, 200);
    EXPECT_THAT(node.command("ip route show 10.244.3.0/24"), IsEmpty());
}

TEST(Lifecycle, a_node_that_changes_address_and_pod_cidr_is_followed) {
    Node node;
    node.start_ready_agent();
    const auto node3 = [&](const std::string& pod_cidr, const std::string& address) {
        node.write("node3.yaml", "{apiVersion: v1, kind: Node, metadata: {name: node3}, spec: {podCIDRs: [" + pod_cidr +
                                     "]}, status: {addresses: [{type: InternalIP, address: " + address + "}]}}\n");
        EXPECT_EQ(node.get("/debug/sync").status, 200);
    };
    node3("10.244.3.0/24", "172.30.0.3");
    const auto before = node.flows().size();
    node3("10.244.9.0/24", "172.30.0.33");
    EXPECT_EQ(node.flows().size(), before);
    EXPECT_THAT(node.ofctl("dump-flows", "table=0"), HasSubstr("tun_src=172.30.0.33"));
    EXPECT_THAT(node.ofctl("dump-flows"), Not(HasSubstr("172.30.0.3,")));
    EXPECT_THAT(node.ofctl("dump-flows", "table=60,ip,nw_dst=10.244.9.0/24"), HasSubstr("tun_dst"));
    EXPECT_THAT(node.ofctl("dump-flows"), Not(HasSubstr("10.244.3.0/24")));
    EXPECT_THAT(node.command("ip route show 10.244.9.0/24"), HasSubstr("src 10.244.1.1"));
    EXPECT_THAT(node.command("ip route show 10.244.3.0/24"), IsEmpty());
    EXPECT_THAT(node.command("nft list set inet ovs-cni cluster4"), HasSubstr("172.30.0.33"));
}

TEST(Lifecycle, a_restart_without_a_change_sends_no_flow_at_all) {
    Node node;
    node.start_ready_agent();
    node.write_pod("web");
    node.make_interface("web");
    ASSERT_TRUE(node.add("web"));
    const auto before = node.flows();
    EXPECT_EQ(node.stop_agent(), 0);
    EXPECT_EQ(node.flows(), before) << "the agent must leave the flows when it exits";
    EXPECT_THAT(node.command("ip addr show br-int"), HasSubstr("10.244.1.1/32"));
    node.start_ready_agent();
    EXPECT_EQ(node.flows(), before);
    EXPECT_EQ(node.metric("ovs_cni_flow_mods_total{kind=\"add\"}"), 0);
    EXPECT_EQ(node.metric("ovs_cni_flow_mods_total{kind=\"remove\"}"), 0);
    EXPECT_EQ(node.metric("ovs_cni_attachments"), 1);
    const auto again = node.check("web");
    ASSERT_TRUE(again);
    EXPECT_THAT(again->differences, IsEmpty());
}

TEST(Lifecycle, what_changed_while_the_agent_was_away_is_the_only_thing_sent) {
    Node node;
    node.start_ready_agent();
    node.stop_agent();
    node.write("node3.yaml", "{apiVersion: v1, kind: Node, metadata: {name: node3}, spec: {podCIDRs: [10.244.3.0/24]}, "
                             "status: {addresses: [{type: InternalIP, address: 172.30.0.3}]}}\n");
    node.start_ready_agent();
    const auto added = node.metric("ovs_cni_flow_mods_total{kind=\"add\"}");
    EXPECT_GT(added, 0);
    EXPECT_LT(added, 20);
}

TEST(Lifecycle, foreign_changes_of_our_flows_are_put_right_and_counted) {
    Node node;
    node.start_ready_agent();
    const auto before = node.flows();
    ASSERT_THAT(before, Not(IsEmpty()));
    const auto is_right_again = [&] { return node.flows() == before; };
    node.ofctl("add-flow", "table=10,priority=7,ip,actions=drop");
    EXPECT_TRUE(eventually(is_right_again)) << "a flow added by another controller";
    node.ofctl("del-flows", "table=0");
    EXPECT_TRUE(eventually(is_right_again)) << "flows removed by another controller";
    node.ofctl("--strict mod-flows", "table=30,priority=0,actions=drop");
    node.ofctl("add-flow", "table=60,priority=0,actions=normal");
    EXPECT_TRUE(eventually(is_right_again)) << "a flow changed by another controller";
    EXPECT_GE(node.metric("ovs_cni_foreign_changes_total"), 3);
    EXPECT_THAT(node.log(), HasSubstr("changed by another controller"));
}

TEST(Lifecycle, after_vswitchd_starts_again_flows_ports_and_gateway_are_back) {
    Node node;
    node.start_ready_agent();
    node.write_pod("web");
    node.make_interface("web");
    ASSERT_TRUE(node.add("web"));
    const auto before = node.flows();
    node.stop_vswitchd();
    ASSERT_TRUE(eventually([&] { return node.get("/readyz").status == 503; }));
    EXPECT_FALSE(node.call<ovs_cni::StatusResponse>(ovs_cni::StatusRequest{"ovs-cni"}));
    node.start_vswitchd();
    ASSERT_TRUE(eventually([&] { return node.get("/readyz").status == 200; })) << node.log();
    EXPECT_EQ(node.flows(), before);
    EXPECT_TRUE(eventually([&] { return node.command("ip addr show br-int").contains("10.244.1.1/32"); }));
    EXPECT_TRUE(eventually([&] { return node.command("ip route show 10.244.2.0/24").contains("br-int"); }));
    EXPECT_THAT(node.command("ip link show br-int"), HasSubstr("mtu 1430"));
    const auto checked = node.check("web");
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_THAT(checked->differences, IsEmpty());
}

TEST(Lifecycle, a_switch_that_waits_for_its_flows_is_told_when_all_of_them_are_back) {
    Node node;
    node.start_ready_agent();
    const auto before = node.flows();
    node.stop_vswitchd();
    node.vsctl("--no-wait set Open_vSwitch . other_config:flow-restore-wait=true other_config:max-idle=20000");
    node.start_vswitchd();
    ASSERT_TRUE(eventually([&] { return !node.vsctl("get Open_vSwitch . other_config").contains("restore"); }))
        << node.log();
    EXPECT_EQ(node.flows(), before) << "the flows must be installed before the switch stops waiting";
    EXPECT_EQ(node.vsctl("get Open_vSwitch . other_config"), "{max-idle=\"20000\"}\n") << "the rest is kept";
}

TEST(Lifecycle, a_switch_keeps_waiting_while_its_flows_are_not_back) {
    Node node;
    node.start_ready_agent();
    node.stop_agent();
    node.stop_vswitchd();
    node.vsctl("--no-wait set Open_vSwitch . other_config:flow-restore-wait=true");
    node.start_vswitchd();
    node.write("broken.yaml", "kind: [\n"); // until all manifests have been valid, nothing is installed
    node.start_agent();
    ASSERT_TRUE(eventually([&] { return node.log().contains("attachments read"); }));
    node.vsctl("add-port br-int other -- set interface other type=internal"); // returns when the switch has applied it
    EXPECT_THAT(node.vsctl("get Open_vSwitch . other_config"), HasSubstr("flow-restore-wait"));
    node.remove("broken.yaml");
    EXPECT_TRUE(eventually([&] { return !node.vsctl("get Open_vSwitch . other_config").contains("restore"); }));
}

TEST(Lifecycle, after_ovsdb_server_starts_again_pods_are_added_and_removed) {
    Node node;
    node.start_ready_agent();
    for (const auto* name : {"web", "api"}) {
        node.write_pod(name);
        node.make_interface(name);
    }
    ASSERT_TRUE(node.add("web"));
    node.stop_ovsdb();
    ASSERT_TRUE(eventually([&] { return node.get("/readyz").status == 503; }));
    const auto refused = node.del("web");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ovs_cni::cni_code::kTryAgain);
    node.start_ovsdb();
    ASSERT_TRUE(eventually([&] { return node.get("/readyz").status == 200; })) << node.log();
    EXPECT_TRUE(node.add("api"));
    EXPECT_TRUE(node.del("web"));
    EXPECT_EQ(node.debug()["attachments"].size(), 1);
}

TEST(Lifecycle, an_agent_that_starts_before_the_switch_waits_for_it) {
    Node node;
    node.stop_vswitchd();
    node.stop_ovsdb();
    node.start_agent();
    ASSERT_TRUE(eventually([&] { return node.get("/readyz").status == 503; }));
    EXPECT_THAT(node.get("/readyz").body, HasSubstr("db.sock"));
    const auto status = node.call<ovs_cni::StatusResponse>(ovs_cni::StatusRequest{"ovs-cni"});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ovs_cni::cni_code::kNotAvailable);
    node.start_ovsdb();
    node.start_vswitchd();
    EXPECT_TRUE(eventually([&] { return node.get("/readyz").status == 200; })) << node.log();
}

TEST(Lifecycle, a_second_agent_on_the_same_socket_is_refused) {
    Node node;
    node.start_ready_agent();
    Process second({AGENT_PROGRAM, "--config", node.path("agent.yaml").string()}, node.path("second.log"));
    ASSERT_TRUE(eventually(
        [&] { return node.command("cat " + node.path("second.log").string() + " || true").contains("not started"); }));
    EXPECT_EQ(node.get("/readyz").status, 200);
    EXPECT_TRUE(node.call<ovs_cni::StatusResponse>(ovs_cni::StatusRequest{"ovs-cni"}));
}

TEST(Lifecycle, a_wrong_configuration_is_a_usage_error_with_file_and_line) {
    Node node("bridg: br-int\n");
    node.start_agent();
    ASSERT_TRUE(eventually([&] { return node.log().contains("bridg"); }));
    EXPECT_THAT(node.log(), HasSubstr("agent.yaml:7: unknown key \"bridg\""));
}

TEST(Lifecycle, the_idle_agent_is_small) {
    Node node;
    node.start_ready_agent();
    std::ifstream status("/proc/" + std::to_string(node.agent_pid()) + "/status");
    long kilobytes = 0;
    for (std::string word; status >> word;)
        if (word == "VmRSS:") status >> kilobytes;
    EXPECT_GT(kilobytes, 0);
    RecordProperty("resident_kilobytes", static_cast<int>(kilobytes));
    EXPECT_LT(kilobytes, AGENT_INSTRUMENTED ? 500 * 1024 : 20 * 1024);
}

} // namespace
} // namespace agent
