// Why pods cannot be served: how obstacles are found, and their messages.
#include "daemonset/health/obstacle.h"

#include "daemonset/host/underlay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace agent {
namespace {

using ::testing::HasSubstr;

ipam::IpAddress address(const std::string& text) { return *ipam::IpAddress::parse(text); }
ipam::Prefix prefix(const char* text) { return *ipam::Prefix::parse(text); }

/// Nodes by the names "n1", "n2" ... with one PodCIDR each.
flowgen::ClusterState nodes_with(const std::vector<const char*>& cidrs) {
    flowgen::ClusterState state;
    for (const auto* const cidr : cidrs) {
        const auto node = "n" + std::to_string(state.nodes.size() + 1);
        state.nodes[node] = {.name = node, .pod_cidrs = {prefix(cidr)}, .addresses = {}};
    }
    return state;
}

HostView host(int underlay_mtu, const char* tunnel_address = "172.30.0.1", int configured = 0) {
    const Underlay underlay{address(tunnel_address), "eth0", underlay_mtu};
    return {underlay, pod_mtu(configured, underlay), {}};
}

AttachmentRecord pod(const std::string& name, const std::string& has, std::uint32_t ofport = 7) {
    return {.key = {"c-" + name, "eth0"},
            .host_interface = "h-" + name,
            .mac = {},
            .addresses = {address(has)},
            .sandbox = {},
            .network = {},
            .pod = ovs_cni::PodReference{"shop", name, "uid"},
            .ct_zone = static_cast<std::uint16_t>(ofport),
            .ofport = ofport};
}

std::optional<Obstacle> obstacle_of(const std::vector<AttachmentRecord>& pods, std::vector<ipam::Prefix> cidrs) {
    std::map<std::string, AttachmentRecord> records;
    for (const auto& each : pods) records[each.host_interface] = each;
    return address_obstacle(records, cidrs);
}

TEST(Obstacle, every_cause_has_a_reason_in_one_word_that_the_documentation_explains) {
    std::ostringstream text;
    text << std::ifstream(TROUBLESHOOTING).rdbuf();
    std::set<std::string_view> reasons;
    for (const auto cause : all_causes()) {
        const auto reason = name(cause);
        EXPECT_THAT(text.str(), HasSubstr("| `" + std::string(reason) + "` |"));
        EXPECT_TRUE(is_own_reason(reason));
        reasons.insert(reason);
    }
    EXPECT_EQ(reasons.size(), static_cast<std::size_t>(Cause::PluginNotInstalled) + 1);
    EXPECT_TRUE(is_own_reason(kServingReason));
    EXPECT_FALSE(is_own_reason("CalicoIsUp"));
    EXPECT_FALSE(is_own_reason(""));
}

TEST(NodeObstacle, a_node_object_that_is_missing_or_has_no_pod_cidr) {
    auto state = nodes_with({"10.244.1.0/24"});
    EXPECT_EQ(node_obstacle(state, "n1"), std::nullopt);
    EXPECT_EQ(node_obstacle(state, "n9")->cause, Cause::NodeMissing);
    EXPECT_THAT(node_obstacle(state, "n9")->message, HasSubstr("\"n9\""));
    state.nodes["n1"].pod_cidrs.clear();
    EXPECT_EQ(node_obstacle(state, "n1")->cause, Cause::NoPodCidr);
}

TEST(NodeObstacle, of_two_nodes_with_one_range_the_second_by_name_has_the_conflict) {
    const auto state = nodes_with({"10.244.1.0/24", "10.244.1.128/25", "10.244.3.0/24"});
    EXPECT_EQ(node_obstacle(state, "n1"), std::nullopt) << "every other node sends to it";
    EXPECT_EQ(node_obstacle(state, "n3"), std::nullopt);
    ASSERT_EQ(node_obstacle(state, "n2")->cause, Cause::PodCidrConflict);
    EXPECT_THAT(node_obstacle(state, "n2")->message, HasSubstr("10.244.1.0/24 of node n1"));
}

TEST(NodeObstacle, a_range_of_services_is_not_for_pods) {
    auto state = nodes_with({"10.96.1.0/24"});
    state.service_cidrs = {prefix("10.96.0.0/16")};
    ASSERT_EQ(node_obstacle(state, "n1")->cause, Cause::PodCidrConflict);
    EXPECT_THAT(node_obstacle(state, "n1")->message, HasSubstr("10.96.0.0/16"));
    state.service_cidrs = {prefix("10.97.0.0/16")};
    EXPECT_EQ(node_obstacle(state, "n1"), std::nullopt);
}

TEST(MtuObstacle, the_smallest_underlay_depends_on_the_families_of_pods_and_underlay) {
    const std::vector ipv4{prefix("10.244.1.0/24")};
    const std::vector dual{prefix("10.244.1.0/24"), prefix("fd00::/64")};
    EXPECT_EQ(mtu_obstacle(host(576 + 70), ipv4), std::nullopt);
    EXPECT_EQ(mtu_obstacle(host(575 + 70), ipv4)->cause, Cause::UnderlayMtuTooSmall);
    EXPECT_EQ(mtu_obstacle(host(1280 + 70), dual), std::nullopt);
    EXPECT_THAT(
        mtu_obstacle(host(1279 + 70), dual)->message,
        HasSubstr(
            "eth0 has an MTU of 1349, which leaves pods 1279 bytes, but they need 1280: raise it to at least 1350"));
    EXPECT_EQ(mtu_obstacle(host(1280 + 90, "fd00::1"), dual), std::nullopt);
    EXPECT_TRUE(mtu_obstacle(host(1279 + 90, "fd00::1"), dual));
}

TEST(MtuObstacle, a_configured_mtu_has_to_fit_the_underlay) {
    const std::vector ipv4{prefix("10.244.1.0/24")};
    EXPECT_EQ(mtu_obstacle(host(1500, "172.30.0.1", 1430), ipv4), std::nullopt);
    EXPECT_THAT(mtu_obstacle(host(1500, "172.30.0.1", 1500), ipv4)->message, HasSubstr("raise it to at least 1570"));
}

TEST(AddressObstacle, pods_outside_the_pod_cidrs_are_named_a_few_of_them_and_counted) {
    EXPECT_EQ(obstacle_of({pod("a", "10.244.1.5")}, {prefix("10.244.1.0/24")}), std::nullopt);
    const auto one = obstacle_of({pod("a", "10.244.1.5"), pod("b", "10.244.2.6")}, {prefix("10.244.1.0/24")});
    EXPECT_EQ(*one, (Obstacle{Cause::AddressOutsidePodCidr,
                              "1 pod has an address outside the node's podCIDRs (10.244.1.0/24), where other nodes do "
                              "not reach it: shop/b (10.244.2.6); delete it"}));
    std::vector<AttachmentRecord> many;
    for (const auto* name : {"e", "d", "c", "b", "a"}) many.push_back(pod(name, "10.244.2.6"));
    EXPECT_THAT(obstacle_of(many, {prefix("10.244.1.0/24")})->message,
                HasSubstr("shop/a (10.244.2.6), shop/b (10.244.2.6), shop/c (10.244.2.6) and 2 more; delete them"));
}

TEST(AddressObstacle, one_of_two_addresses_is_enough_and_an_interface_that_is_gone_is_not) {
    auto both = pod("a", "10.244.1.5");
    both.addresses.push_back(address("fd00:1::5"));
    EXPECT_TRUE(obstacle_of({both}, {prefix("10.244.1.0/24")}));
    EXPECT_FALSE(obstacle_of({both}, {prefix("10.244.1.0/24"), prefix("fd00:1::/64")}));
    EXPECT_FALSE(obstacle_of({pod("a", "10.244.2.5", 0)}, {prefix("10.244.1.0/24")}));
}

} // namespace
} // namespace agent
