// Egress policy in the host's own table: when it is installed, and that it stays.
#include "tests/daemonset/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Pods of namespace "shop" may send to this block alone.
std::string policy(const std::string& cidr) {
    return "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop}, "
           "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: " +
           cidr + "}}]}]}}\n";
}

/// A node with pod shop/web, 10.244.1.2, attached.
struct NodeWithPod : Node {
    explicit NodeWithPod(const std::string& policy_text) {
        write_pod("web");
        make_interface("web");
        if (!policy_text.empty()) write("policy.yaml", policy_text);
        start_ready_agent();
        EXPECT_TRUE(add("web"));
    }
    std::string table() { return command("nft list table inet ovs-cni"); }
};

TEST(HostPolicy, is_there_when_add_returns) {
    NodeWithPod node(policy("192.0.2.0/24"));
    EXPECT_THAT(node.table(), HasSubstr("10.244.1.2 : goto egress_"));
    EXPECT_THAT(node.table(), HasSubstr("elements = { 192.0.2.0/24 }"));
    ASSERT_TRUE(node.del("web"));
    ASSERT_EQ(node.get("/debug/sync").status, 200);
    EXPECT_THAT(node.table(), Not(HasSubstr("10.244.1.2")));
}

TEST(HostPolicy, follows_the_policy_before_that_counts_as_enforced) {
    NodeWithPod node("");
    EXPECT_THAT(node.table(), Not(HasSubstr("10.244.1.2")));
    for (const auto* cidr : {"192.0.2.0/24", "198.51.100.0/24"}) {
        node.write("policy.yaml", policy(cidr));
        ASSERT_EQ(node.get("/debug/sync").status, 200);
        EXPECT_THAT(node.table(), HasSubstr(std::string("elements = { ") + cidr + " }"));
    }
    EXPECT_THAT(node.table(), Not(HasSubstr("192.0.2.0/24")));
    node.remove("policy.yaml");
    ASSERT_EQ(node.get("/debug/sync").status, 200);
    EXPECT_THAT(node.table(), Not(HasSubstr("10.244.1.2")));
}

TEST(HostPolicy, of_an_agent_before_stays_until_the_next_one_knows_its_own) {
    NodeWithPod node(policy("192.0.2.0/24"));
    const auto before = node.table();
    node.stop_agent();
    EXPECT_EQ(node.table(), before);
    // Without the switch nothing is compiled, and everything else of the host's network is
    // configured.
    const auto socket = node.path("br-int.mgmt");
    std::filesystem::rename(socket, node.path("hidden"));
    node.command("ip route del 10.244.2.0/24");
    node.command("nft add element inet ovs-cni services4 { 198.51.100.0/24 }"); // disappears when the table is replaced
    const auto changed = node.table();
    node.write("policy.yaml", policy("203.0.113.0/24"));
    node.start_agent();
    ASSERT_TRUE(eventually([&] { return node.command("ip route show 10.244.2.0/24").contains("br-int"); }));
    EXPECT_THAT(node.get("/readyz").body, HasSubstr("br-int.mgmt")); // answered after all of that step
    EXPECT_EQ(node.table(), changed);
    std::filesystem::rename(node.path("hidden"), socket);
    ASSERT_TRUE(eventually([&] { return node.get("/readyz").status == 200; })) << node.log();
    EXPECT_THAT(node.table(), HasSubstr("elements = { 203.0.113.0/24 }"));
    EXPECT_THAT(node.table(), Not(HasSubstr("198.51.100.0/24")));
}

} // namespace
} // namespace agent
