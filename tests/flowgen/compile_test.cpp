#include "flowgen/compile.h"

#include "example_cluster.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace flowgen {
namespace {

using example::Cluster;
using testing::HasSubstr;

std::string whole_text(const CompiledFlows& compiled) {
    std::string out;
    for (const auto& [key, body] : compiled.flows) out += text(key, body) + "\n";
    return out;
}

Cluster shop() {
    Cluster cluster;
    cluster.add_local_pod("shop", "db", "db");
    cluster.add_local_pod("shop", "cache", "cache");
    cluster.add_pod("shop", "web-0", "web", "node2");
    cluster.add_policy("db", "db", {{{example::pods("web")}, {example::tcp(5432)}}});
    return cluster;
}

TEST(Compile, gives_the_same_bytes_for_the_same_state) {
    EXPECT_EQ(whole_text(shop().compile()), whole_text(shop().compile()));
}

TEST(Compile, order_of_attachments_makes_no_difference) {
    auto cluster = shop();
    const auto before = whole_text(cluster.compile());
    std::ranges::reverse(cluster.local.attachments);
    EXPECT_EQ(whole_text(cluster.compile()), before);
}

TEST(Compile, scaling_a_deployment_elsewhere_changes_no_flow) {
    auto cluster = shop();
    Workload api{"Deployment", {"shop", "api"}, 0, {}};
    api.pod_template.labels = {{"app", "api"}};
    cluster.state.workloads[{"Deployment", api.id}] = api;
    cluster.add_policy("from-api", "db", {{{example::pods("api")}, {}}});
    const auto before = cluster.compile();
    for (int i = 0; i < 1000; ++i)
        cluster.add_pod("shop", ("api-" + std::to_string(i)).c_str(), "api", i % 2 == 0 ? "node2" : "node3");
    EXPECT_TRUE(delta(before.flows, cluster.compile().flows).empty());
}

TEST(Compile, a_remote_pod_of_known_labels_costs_nothing) {
    auto cluster = shop();
    const auto before = cluster.compile();
    cluster.add_pod("shop", "web-1", "web", "node2");
    EXPECT_TRUE(delta(before.flows, cluster.compile().flows).empty());
}

TEST(Compile, finished_and_host_network_pods_leave_no_trace) {
    auto cluster = shop();
    cluster.add_policy("all", "db", {{{example::pods("batch"), example::pods("agent")}, {}}});
    const auto before = cluster.compile();
    cluster.add_pod("shop", "job", "batch", "node2").finished = true;
    cluster.add_pod("shop", "agent", "agent", "node2").host_network = true;
    EXPECT_TRUE(delta(before.flows, cluster.compile().flows).empty());
}

TEST(Compile, an_attachment_whose_pod_is_gone_is_cut_off) {
    auto cluster = shop();
    cluster.state.pods.erase({"shop", "db"});
    const auto lines = whole_text(cluster.compile());
    EXPECT_THAT(lines, HasSubstr("table=0,priority=100,in_port=10,actions=drop"));
    EXPECT_THAT(lines, HasSubstr("table=60,priority=250,ip,nw_dst=10.244.1.10,actions=drop"));
    EXPECT_THAT(lines, testing::Not(HasSubstr("table=10,priority=100,in_port=10")));
}

TEST(Compile, a_sandbox_of_an_earlier_pod_of_the_same_name_is_cut_off) {
    auto cluster = shop();
    cluster.local.attachments[0].pod_uid = "first-life";
    cluster.state.pods[{"shop", "db"}].uid = "second-life";
    EXPECT_THAT(whole_text(cluster.compile()), HasSubstr("table=0,priority=100,in_port=10,actions=drop"));
}

TEST(Compile, an_attachment_without_a_pod_is_forwarded_and_has_no_identity) {
    auto cluster = shop();
    cluster.local.attachments[0].pod.reset();
    const auto lines = whole_text(cluster.compile());
    EXPECT_THAT(lines, HasSubstr("in_port=10,actions=set_field:0->xxreg0,set_field:0xa->reg12,"));
}

TEST(Compile, every_cookie_has_an_owner_in_words) {
    const auto compiled = shop().compile();
    for (const auto& [key, body] : compiled.flows)
        EXPECT_TRUE(compiled.owners.contains(body.cookie)) << text(key, body);
    std::vector<std::string> owners;
    for (const auto& [cookie, owner] : compiled.owners) owners.push_back(owner);
    EXPECT_THAT(owners,
                testing::IsSupersetOf({"Pod shop/db", "NetworkPolicy shop/db", "Node node2", "Pipeline Commit"}));
}

TEST(Compile, nodes_that_claim_the_same_range_or_address_are_told_and_the_first_is_reached) {
    auto cluster = shop();
    cluster.state.nodes["node3"] = {"node3", {example::prefix("10.244.2.128/25")}, {example::address("172.30.0.3")}};
    cluster.state.nodes["node4"] = {
        "node4", {example::prefix("10.244.4.0/24")}, {example::address("172.30.0.4"), example::address("172.30.0.1")}};
    const auto compiled = cluster.compile();
    EXPECT_THAT(
        compiled.warnings,
        testing::ElementsAre(HasSubstr("node node3 claims 10.244.2.128/25, which overlaps 10.244.2.0/24 of node node2"),
                             HasSubstr("node node4 claims 172.30.0.1/32, which overlaps 172.30.0.1/32 of node node1")));
    const auto lines = whole_text(compiled);
    EXPECT_THAT(lines, HasSubstr("nw_dst=10.244.2.0/24,actions=set_field:172.30.0.2->tun_dst"));
    EXPECT_THAT(lines, testing::Not(HasSubstr("nw_dst=10.244.2.128/25")));
    EXPECT_THAT(lines, HasSubstr("nw_dst=10.244.4.0/24,actions=set_field:172.30.0.4->tun_dst"));
}

} // namespace
} // namespace flowgen
