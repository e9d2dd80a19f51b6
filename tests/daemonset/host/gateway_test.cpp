// The required state of the host's side of the bridge, and the MTU that the underlay leaves for
// pods.
#include "daemonset/base/log.h"
#include "daemonset/host/gateway.h"
#include "daemonset/host/underlay.h"
#include "flowgen/flow/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ipam::IpAddress address(const char* text) { return *ipam::IpAddress::parse(text); }
ipam::Prefix prefix(const char* text) { return *ipam::Prefix::parse(text); }

flowgen::ClusterState two_nodes() {
    flowgen::ClusterState state;
    state.nodes["n1"] = {.name = "n1",
                         .pod_cidrs = {prefix("10.244.1.0/24"), prefix("fd00:10:244:1::/64")},
                         .addresses = {address("172.30.0.1"), address("fd00:172:30::1")}};
    state.nodes["n2"] = {.name = "n2", .pod_cidrs = {prefix("10.244.2.0/24")}, .addresses = {address("172.30.0.2")}};
    return state;
}

TEST(Gateway, has_the_first_address_of_each_pod_cidr_and_reaches_all_pod_cidrs) {
    const auto gateway = gateway_link(two_nodes(), "n1", "br-int", 1430);
    ASSERT_TRUE(gateway);
    EXPECT_EQ(gateway->interface, "br-int");
    EXPECT_EQ(gateway->mtu, 1430);
    EXPECT_THAT(gateway->addresses, ElementsAre(address("10.244.1.1"), address("fd00:10:244:1::1")));
    EXPECT_THAT(gateway->routers, ElementsAre(flowgen::kRouterIpv4, flowgen::kRouterIpv6));
    EXPECT_THAT(gateway->destinations,
                ElementsAre(prefix("10.244.1.0/24"), prefix("10.244.2.0/24"), prefix("fd00:10:244:1::/64")));
}

TEST(Gateway, without_node_or_pod_cidr_there_is_none) {
    EXPECT_THAT(gateway_link(two_nodes(), "n9", "br-int", 0).error().message, HasSubstr("\"n9\""));
    auto state = two_nodes();
    state.nodes["n1"].pod_cidrs.clear();
    EXPECT_THAT(gateway_link(state, "n1", "br-int", 0).error().message, HasSubstr("podCIDR"));
}

TEST(Gateway, its_mac_is_the_same_each_time_and_differs_between_nodes) {
    EXPECT_EQ(gateway_mac("n1"), gateway_mac("n1"));
    EXPECT_NE(gateway_mac("n1"), gateway_mac("n2"));
    EXPECT_NE(gateway_mac("n1"), flowgen::kRouterMac);
    EXPECT_EQ(gateway_mac("n1").bytes[0], 0x0a) << "locally administered, unicast";
}

TEST(Underlay, the_tunnel_takes70_bytes_over_ipv4_and90_over_ipv6) {
    EXPECT_EQ(tunnel_overhead(ipam::Family::IPv4), 70);
    EXPECT_EQ(tunnel_overhead(ipam::Family::IPv6), 90);
    EXPECT_EQ(pod_mtu(0, {address("172.30.0.1"), "eth0", 1500}), 1430);
    EXPECT_EQ(pod_mtu(0, {address("fd00::1"), "eth0", 9000}), 8910);
    EXPECT_EQ(pod_mtu(1400, {address("fd00::1"), "eth0", 9000}), 1400);
}

TEST(Underlay, the_tunnel_ends_at_the_configured_or_the_first_node_address) {
    NodeConfiguration configuration;
    configuration.node = "n1";
    auto state = two_nodes();
    EXPECT_EQ(*tunnel_address(configuration, state), address("172.30.0.1"));
    configuration.tunnel_address = address("fd00:172:30::1");
    EXPECT_EQ(*tunnel_address(configuration, state), address("fd00:172:30::1"));
    configuration.tunnel_address.reset();
    state.nodes["n1"].addresses.clear();
    EXPECT_THAT(tunnel_address(configuration, state).error().message, HasSubstr("InternalIP"));
    state.nodes.clear();
    EXPECT_THAT(tunnel_address(configuration, state).error().message, HasSubstr("no Node object"));
}

TEST(Log, a_line_is_logfmt) {
    EXPECT_EQ(log_text("it is said", {}), "msg=\"it is said\"");
    EXPECT_EQ(log_text("m", {{"number", 7}, {"plain", "a/b"}, {"spaced", "a b"}, {"empty", ""}}),
              "msg=\"m\" number=7 plain=a/b spaced=\"a b\" empty=\"\"");
    EXPECT_EQ(log_text("m", {{"reason", "a \"b\"\nc\\"}}), "msg=\"m\" reason=\"a \\\"b\\\"\\nc\\\\\"")
        << "one line, whatever is in it";
}

} // namespace
} // namespace agent
