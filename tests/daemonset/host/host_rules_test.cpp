// The nftables table: its text, and the kernel's reading of it.
#include "daemonset/host/host_network.h"
#include "daemonset/host/host_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sched.h>

#include <algorithm>
#include <sstream>

namespace agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ipam::Prefix prefix(const char* text) { return *ipam::Prefix::parse(text); }
ipam::IpAddress address(const char* text) { return *ipam::IpAddress::parse(text); }

HostRules example() {
    return {.bridge = "br-int",
            .masquerade = true,
            .own_pods = {prefix("10.244.1.0/24"), prefix("fd00:10:244:1::/64")},
            .cluster = {prefix("10.244.2.0/24"), prefix("172.30.0.1/32"), prefix("10.244.1.0/24"),
                        prefix("10.244.1.0/24"), prefix("10.244.1.7/32"), prefix("fd00:10:244:1::/64")},
            .own_addresses = {address("172.30.0.1"), address("fd00:172:30::1")},
            .policy = {}};
}

flowgen::PortsAt ports(const char* cidr, flowgen::Protocol protocol, std::uint16_t first, std::uint16_t last) {
    return {{prefix(cidr).first(), prefix(cidr).last()}, {protocol, first, last}};
}

/// Two pods with the same allowed destinations, and one without any.
flowgen::HostPolicy example_policy() {
    const flowgen::Destinations some{.any_traffic = {{address("192.0.2.1"), address("192.0.2.6")}},
                                     .ports = {ports("0.0.0.0/0", flowgen::Protocol::UDP, 53, 53),
                                               ports("172.30.0.0/24", flowgen::Protocol::TCP, 6443, 6450),
                                               ports("::/0", flowgen::Protocol::SCTP, 0, 65535)}};
    return {.isolated = {{some, {address("10.244.1.5"), address("10.244.1.6"), address("fd00:10:244:1::5")}},
                         {{}, {address("10.244.1.7")}}},
            .service_ranges = {prefix("10.96.0.0/16"), prefix("fd00:10:96::/112")}};
}

HostRules with(const flowgen::HostPolicy& policy) {
    auto rules = example();
    rules.policy = policy;
    return rules;
}

/// A listing's sets, maps and chains, in an order that does not depend on their creation.
std::vector<std::string> blocks(const std::string& listing) {
    std::vector<std::string> out{""};
    std::istringstream lines(listing);
    for (std::string line; std::getline(lines, line);) {
        out.back() += line + "\n";
        if (line == "\t}") out.emplace_back();
    }
    for (auto& block : out) block.erase(0, block.find_first_not_of('\n'));
    std::ranges::sort(out);
    return out;
}

/// Each of these runs in a network namespace of its own.
class HostRulesInKernel : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "run the tests as root"; }
    [[nodiscard]] static std::string listing() { return *list_nftables(kHostRulesTable); }
};

TEST(HostRules, a_set_holds_each_range_once_and_none_that_another_covers) {
    const auto text = ruleset(example());
    EXPECT_THAT(text, HasSubstr("elements = { 10.244.1.0/24, 10.244.2.0/24, 172.30.0.1/32 }"));
}

TEST(HostRules, the_order_of_the_input_changes_nothing) {
    auto other = example();
    std::ranges::reverse(other.cluster);
    std::ranges::reverse(other.own_addresses);
    EXPECT_EQ(ruleset(other), ruleset(example()));
}

TEST(HostRules, without_masquerade_the_guard_stays) {
    auto rules = example();
    rules.masquerade = false;
    EXPECT_THAT(ruleset(rules), Not(HasSubstr("daddr != @cluster4 masquerade")));
    EXPECT_THAT(ruleset(example()), HasSubstr("daddr != @cluster4 masquerade"));
    EXPECT_THAT(ruleset(rules), HasSubstr("saddr @pods4 drop"));
}

TEST(HostRules, they_come_from_nodes_and_the_host) {
    NodeConfiguration configuration;
    configuration.node = "n1";
    configuration.bridge = "br9";
    flowgen::ClusterState state;
    state.nodes["n1"] = {.name = "n1", .pod_cidrs = {prefix("10.244.1.0/24")}, .addresses = {address("172.30.0.1")}};
    state.nodes["n2"] = {.name = "n2", .pod_cidrs = {prefix("10.244.2.0/24")}, .addresses = {address("172.30.0.2")}};
    const auto rules = host_rules(configuration, state, {address("192.0.2.1")});
    EXPECT_EQ(rules.bridge, "br9");
    EXPECT_THAT(rules.own_pods, ::testing::ElementsAre(prefix("10.244.1.0/24")));
    EXPECT_THAT(rules.own_addresses, ::testing::UnorderedElementsAre(address("192.0.2.1"), address("10.244.1.1")));
    EXPECT_THAT(rules.cluster, ::testing::UnorderedElementsAre(prefix("10.244.1.0/24"), prefix("10.244.2.0/24"),
                                                               prefix("172.30.0.1/32"), prefix("172.30.0.2/32"),
                                                               prefix("192.0.2.1/32")));
}

TEST_F(HostRulesInKernel, are_installed_once_and_replaced_whole) {
    HostRulesTable table;
    const auto first = table.install(example());
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_TRUE(*first);
    EXPECT_THAT(listing(), HasSubstr("!= @cluster4 masquerade fully-random"));
    EXPECT_FALSE(*table.install(example())) << "the same rules again change nothing";
    auto rules = example();
    rules.masquerade = false;
    rules.own_pods = {prefix("10.9.0.0/16")};
    ASSERT_TRUE(table.install(rules));
    EXPECT_THAT(listing(), Not(HasSubstr("!= @cluster4 masquerade")));
    EXPECT_THAT(listing(), HasSubstr("elements = { 10.9.0.0/16 }"));
}

TEST_F(HostRulesInKernel, replace_the_table_of_an_agent_before) {
    HostRulesTable before;
    ASSERT_TRUE(before.install(example()));
    HostRulesTable after;
    const auto installed = after.install(example());
    EXPECT_TRUE(installed) << installed.error().message;
}

TEST_F(HostRulesInKernel, leave_other_tables_alone) {
    ASSERT_TRUE(run_nftables("add table inet mine\nadd chain inet mine c\n"));
    HostRulesTable table;
    ASSERT_TRUE(table.install(example()));
    EXPECT_THAT(*list_nftables("inet mine"), HasSubstr("chain c"));
}

TEST_F(HostRulesInKernel, are_put_right_after_somebody_else_changed_them) {
    HostRulesTable table;
    ASSERT_TRUE(table.install(example()));
    const auto right = listing();
    EXPECT_FALSE(*table.repair());
    for (const auto* change : {"delete table inet ovs-cni", "flush chain inet ovs-cni outbound",
                               "add element inet ovs-cni cluster4 { 192.0.2.0/24 }"}) {
        ASSERT_TRUE(run_nftables(change));
        ASSERT_NE(listing(), right) << change;
        EXPECT_TRUE(*table.repair()) << change;
        EXPECT_EQ(listing(), right) << change;
    }
}

TEST_F(HostRulesInKernel, without_any_address_are_still_valid) {
    HostRulesTable table;
    const auto installed = table.install(
        {.bridge = "br-int", .masquerade = true, .own_pods = {}, .cluster = {}, .own_addresses = {}, .policy = {}});
    EXPECT_TRUE(installed) << installed.error().message;
}

TEST_F(HostRulesInKernel, hold_what_isolated_pods_may_reach_once_for_all_that_may_reach_the_same) {
    HostRulesTable table;
    const auto installed = table.install(with(example_policy()));
    ASSERT_TRUE(installed) << installed.error().message;
    EXPECT_THAT(listing(), HasSubstr("172.30.0.0/24 . tcp . 6443-6450"));
    EXPECT_THAT(listing(), HasSubstr("::/0 . sctp . 0-65535"));
    EXPECT_THAT(listing(), HasSubstr("192.0.2.1-192.0.2.6"));
    const auto shown = blocks(listing());
    EXPECT_EQ(std::ranges::count_if(shown, [](const auto& each) { return each.starts_with("\tchain egress_"); }), 5)
        << "two of policy, and those of forward, input and output";
}

TEST_F(HostRulesInKernel, change_of_policy_leaves_the_rest_alone_and_ends_as_a_whole_table_would) {
    HostRulesTable changed;
    ASSERT_TRUE(changed.install(with({})));
    ASSERT_TRUE(
        run_nftables("add set inet ovs-cni witness { type ipv4_addr; }")); // disappears when the table is replaced
    auto fewer = example_policy();
    fewer.isolated.begin()->second.clear();
    fewer.isolated.erase(fewer.isolated.begin());
    auto exchanged = example_policy();
    std::swap(exchanged.isolated.begin()->second, std::next(exchanged.isolated.begin())->second);
    for (const auto& policy :
         {example_policy(), fewer, example_policy(), exchanged, flowgen::HostPolicy{}, exchanged}) {
        auto rules = with(policy);
        rules.policy.service_ranges = {};
        ASSERT_TRUE(*changed.install(rules));
        EXPECT_THAT(listing(), HasSubstr("witness")) << "the table was replaced";
        ASSERT_TRUE(run_nftables("delete set inet ovs-cni witness"));
        const auto shown = blocks(listing());
        HostRulesTable whole;
        ASSERT_TRUE(whole.install(rules));
        EXPECT_EQ(shown, blocks(listing()));
        ASSERT_TRUE(run_nftables("add set inet ovs-cni witness { type ipv4_addr; }"));
    }
}

TEST_F(HostRulesInKernel, service_ranges_replace_the_table) {
    HostRulesTable table;
    ASSERT_TRUE(table.install(with(example_policy())));
    auto policy = example_policy();
    policy.service_ranges = {prefix("10.99.0.0/16")};
    ASSERT_TRUE(table.install(with(policy)));
    EXPECT_THAT(listing(), HasSubstr("10.99.0.0/16"));
    EXPECT_THAT(listing(), Not(HasSubstr("10.96.0.0/16")));
}

TEST_F(HostRulesInKernel, a_change_of_policy_replaces_a_table_that_somebody_else_removed) {
    HostRulesTable table;
    ASSERT_TRUE(table.install(with({})));
    ASSERT_TRUE(run_nftables("delete table inet ovs-cni"));
    const auto installed = table.install(with(example_policy()));
    ASSERT_TRUE(installed) << installed.error().message;
    EXPECT_THAT(listing(), HasSubstr("10.244.1.7 : goto egress_"));
    EXPECT_THAT(listing(), HasSubstr("saddr @pods4 drop"));
}

TEST_F(HostRulesInKernel, are_put_right_after_a_change_of_policy_as_well) {
    HostRulesTable table;
    auto without = example_policy();
    without.isolated.clear();
    ASSERT_TRUE(table.install(with(without)));
    ASSERT_TRUE(table.install(with(example_policy())));
    const auto right = blocks(listing());
    ASSERT_TRUE(run_nftables("flush map inet ovs-cni isolated4"));
    EXPECT_FALSE(*table.repair()) << "it is unknown whether it was changed";
    EXPECT_EQ(blocks(listing()), right);
    ASSERT_TRUE(run_nftables("flush map inet ovs-cni isolated4"));
    EXPECT_TRUE(*table.repair());
    EXPECT_EQ(blocks(listing()), right);
    EXPECT_FALSE(*table.repair());
}

TEST_F(HostRulesInKernel, an_error_carries_the_reason) {
    const auto wrong = run_nftables("add rule inet nowhere c accept");
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message, HasSubstr("No such file or directory"));
}

} // namespace
} // namespace agent
