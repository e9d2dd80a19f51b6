// The nftables table: its text, and what the kernel makes of it.
#include "daemonset/host_network.h"
#include "daemonset/masquerade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sched.h>

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
            .own_addresses = {address("172.30.0.1"), address("fd00:172:30::1")}};
}

/// Each of these runs in a network namespace of its own.
class HostRulesInKernel : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "run the tests as root"; }
    [[nodiscard]] static std::string listing() { return *list_nftables(kHostRulesTable); }
};

TEST(HostRules, ASetHoldsEachRangeOnceAndNoneThatAnotherCovers) {
    const auto text = ruleset(example());
    EXPECT_THAT(text, HasSubstr("elements = { 10.244.1.0/24, 10.244.2.0/24, 172.30.0.1/32 }"));
}

TEST(HostRules, TheOrderOfTheInputChangesNothing) {
    auto other = example();
    std::ranges::reverse(other.cluster);
    std::ranges::reverse(other.own_addresses);
    EXPECT_EQ(ruleset(other), ruleset(example()));
}

TEST(HostRules, WithoutMasqueradeTheGuardStays) {
    auto rules = example();
    rules.masquerade = false;
    EXPECT_THAT(ruleset(rules), Not(HasSubstr("!= @cluster4 masquerade")));
    EXPECT_THAT(ruleset(rules), HasSubstr("saddr @pods4 drop"));
}

TEST(HostRules, TheyComeFromNodesAndTheHost) {
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

TEST_F(HostRulesInKernel, AreInstalledOnceAndReplacedWhole) {
    HostRulesTable table;
    const auto first = table.install(example());
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_TRUE(*first);
    EXPECT_THAT(listing(), HasSubstr("!= @cluster4 masquerade fully-random"));
    EXPECT_FALSE(*table.install(example())) << "the same rules again are no change";
    auto rules = example();
    rules.masquerade = false;
    rules.own_pods = {prefix("10.9.0.0/16")};
    ASSERT_TRUE(table.install(rules));
    EXPECT_THAT(listing(), Not(HasSubstr("!= @cluster4 masquerade")));
    EXPECT_THAT(listing(), HasSubstr("elements = { 10.9.0.0/16 }"));
}

TEST_F(HostRulesInKernel, ReplaceTheTableOfAnAgentBefore) {
    HostRulesTable before;
    ASSERT_TRUE(before.install(example()));
    HostRulesTable after;
    const auto installed = after.install(example());
    EXPECT_TRUE(installed) << installed.error().message;
}

TEST_F(HostRulesInKernel, LeaveOtherTablesAlone) {
    ASSERT_TRUE(run_nftables("add table inet mine\nadd chain inet mine c\n"));
    HostRulesTable table;
    ASSERT_TRUE(table.install(example()));
    EXPECT_THAT(*list_nftables("inet mine"), HasSubstr("chain c"));
}

TEST_F(HostRulesInKernel, ArePutRightAfterSomebodyElseChangedThem) {
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

TEST_F(HostRulesInKernel, WithoutAnyAddressAreStillValid) {
    HostRulesTable table;
    const auto installed =
        table.install({.bridge = "br-int", .masquerade = true, .own_pods = {}, .cluster = {}, .own_addresses = {}});
    EXPECT_TRUE(installed) << installed.error().message;
}

TEST_F(HostRulesInKernel, AnErrorCarriesTheReason) {
    const auto wrong = run_nftables("add rule inet nowhere c accept");
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message, HasSubstr("No such file or directory"));
}

} // namespace
} // namespace agent
