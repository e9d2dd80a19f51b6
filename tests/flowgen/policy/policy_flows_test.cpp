#include "flowgen/policy/policy_flows.h"

#include "tests/flowgen/example_cluster.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace flowgen {
namespace {

using example::Cluster;

std::vector<std::string> lines_of(const CompiledFlows& compiled, Table table) {
    std::vector<std::string> out;
    for (const auto& [key, body] : compiled.flows)
        if (key.table == number(table)) out.push_back(text(key, body));
    return out;
}

std::set<std::uint32_t> conjunction_ids(const CompiledFlows& compiled) {
    std::set<std::uint32_t> ids;
    for (const auto& [key, body] : compiled.flows)
        if (const auto* id = key.match.find(Field::conj_id)) ids.insert(static_cast<std::uint32_t>(id->value));
    return ids;
}

std::size_t flows_with(const CompiledFlows& compiled, Table table, const std::string& part) {
    return static_cast<std::size_t>(std::ranges::count_if(
        lines_of(compiled, table), [&](const auto& line) { return line.find(part) != std::string::npos; }));
}

TEST(PolicyFlows, rules_that_differ_only_in_the_peer_share_a_conjunction) {
    Cluster cluster;
    cluster.add_local_pod("shop", "db", "db");
    cluster.add_pod("shop", "web", "web", "node2");
    cluster.add_pod("shop", "api", "api", "node2");
    cluster.add_policy("one", "db", {{{example::pods("web")}, {example::tcp(5432)}}});
    cluster.add_policy("two", "db", {{{example::pods("api")}, {example::tcp(5432)}}});
    EXPECT_EQ(conjunction_ids(cluster.compile()).size(), 1U);
}

TEST(PolicyFlows, ten_thousand_namespaces_that_may_reach_dns_are_one_conjunction) {
    Cluster cluster;
    cluster.add_local_pod("kube-system", "dns", "dns");
    for (int i = 0; i < 10'000; ++i) {
        const auto name = "team-" + std::to_string(i);
        const PolicyPeer dns{example::labelled("dns"), LabelSelector{{{kNamespaceNameLabel, "kube-system"}}, {}}, {}};
        cluster.state.policies[{name, "dns"}] = NetworkPolicy{
            {name, "dns"}, {}, {Direction::Egress}, {}, {{{dns}, {{Protocol::UDP, std::uint16_t{53}, {}}}}}};
    }
    const auto compiled = cluster.compile();
    EXPECT_EQ(conjunction_ids(compiled).size(), 1U);
    // One flow for each namespace as subject, one peer, one port, the conjunction's result; block,
    // deny and miss of the table.
    EXPECT_EQ(lines_of(compiled, Table::Egress).size(), 10'000U + 3 + 4);
}

TEST(PolicyFlows, conjunction_ids_stay_when_label_sets_come_and_go) {
    Cluster cluster;
    cluster.add_local_pod("shop", "db", "db");
    cluster.add_pod("shop", "web", "web", "node2");
    const PolicyPeer any_app{LabelSelector{{}, {{"app", LabelRequirement::Operator::Exists, {}}}}, {}, {}};
    cluster.add_policy("db", "db", {{{any_app}, {example::tcp(5432)}}});
    const auto before = cluster.compile();
    cluster.add_pod("shop", "api", "api", "node2");
    const auto after = cluster.compile();
    EXPECT_EQ(conjunction_ids(before), conjunction_ids(after));
    EXPECT_EQ(delta(before.flows, after.flows).added_or_changed.size(), 1U);
}

TEST(PolicyFlows, rules_spill_into_the_next_band_before_a_flow_is_too_long) {
    Cluster cluster;
    cluster.add_local_pod("shop", "db", "db");
    for (int i = 0; i < 10; ++i) {
        const auto app = "client-" + std::to_string(i);
        cluster.add_pod("shop", app.c_str(), app.c_str(), "node2");
        const auto port = static_cast<std::uint16_t>(7000 + i);
        cluster.add_policy(app.c_str(), "db", {{{example::pods(app.c_str())}, {example::tcp(port)}}});
    }
    const auto compiled = cluster.compile({4});
    EXPECT_EQ(conjunction_ids(compiled).size(), 10U);
    for (const auto& [key, body] : compiled.flows) {
        const auto conjunctions = std::ranges::count_if(
            body.actions, [](const Action& action) { return std::holds_alternative<Conjunction>(action); });
        EXPECT_LE(conjunctions, 4) << text(key, body);
    }
    for (const int band : {0, 1, 2})
        EXPECT_GT(flows_with(compiled, Table::Ingress, "priority=" + std::to_string(kPriorityConjunctive - band) + ","),
                  0U);
}

TEST(PolicyFlows, a_named_port_is_each_pods_own_number) {
    Cluster cluster;
    cluster.add_local_pod("shop", "old", "db").ports = {{"sql", Protocol::TCP, 5432}};
    cluster.add_local_pod("shop", "new", "db").ports = {{"sql", Protocol::TCP, 15432}};
    cluster.add_local_pod("shop", "none", "db");
    cluster.add_policy("db", "db", {{{}, {{Protocol::TCP, "sql", {}}}}});
    const auto compiled = cluster.compile();
    EXPECT_EQ(conjunction_ids(compiled).size(), 2U);
    EXPECT_EQ(flows_with(compiled, Table::Ingress, "tcp_dst=5432,"), 1U);
    EXPECT_EQ(flows_with(compiled, Table::Ingress, "tcp_dst=15432,"), 1U);
    EXPECT_EQ(flows_with(compiled, Table::Ingress, "reg8=0xa,"), 1U);
    EXPECT_EQ(flows_with(compiled, Table::Ingress, "reg8=0xb,"), 1U);
    EXPECT_EQ(flows_with(compiled, Table::Ingress, "reg8=0xc,"), 0U);
}

TEST(PolicyFlows, except_is_subtracted_and_never_a_drop) {
    Cluster cluster;
    cluster.add_local_pod("shop", "db", "db");
    cluster.add_policy("db", "db", {{{example::block("192.0.2.0/24", {example::prefix("192.0.2.0/25")})}, {}}});
    const auto compiled = cluster.compile();
    EXPECT_EQ(flows_with(compiled, Table::Ingress, "nw_src=192.0.2.128/25"), 1U);
    EXPECT_EQ(flows_with(compiled, Table::Ingress, "nw_src="), 1U);
}

TEST(PolicyFlows, a_block_that_covers_a_nodes_address_admits_the_node_by_identity) {
    Cluster cluster;
    cluster.add_local_pod("shop", "db", "db");
    cluster.add_policy("db", "db", {{{example::block("172.30.0.2/32")}, {}}});
    const auto node2 = Match().set(kSourceIdentity, other_node_identity("node2").bits(), kIdentityMask);
    const auto flows = cluster.compile().flows;
    EXPECT_TRUE(flows.contains({number(Table::Ingress), kPriorityConjunctive, node2}));
}

TEST(PolicyFlows, any_pod_of_a_namespace_is_one_masked_match) {
    Cluster cluster;
    cluster.add_local_pod("shop", "db", "db");
    for (int i = 0; i < 50; ++i)
        cluster.add_pod("ops", ("p" + std::to_string(i)).c_str(), ("a" + std::to_string(i)).c_str(), "node2");
    cluster.add_policy("db", "db", {{{example::namespaces({{{kNamespaceNameLabel, "ops"}}, {}})}, {}}});
    EXPECT_EQ(flows_with(cluster.compile(), Table::Ingress, "xxreg0=0x8"), 1U);
}

TEST(PolicyFlows, the_precheck_lets_out_what_some_rule_could_allow_and_nothing_else) {
    Cluster cluster;
    cluster.add_local_pod("shop", "web", "web");
    NetworkPolicy policy{{"shop", "web"}, example::labelled("web"), {Direction::Egress}, {}, {}};
    policy.egress = {{{example::pods("db")}, {example::tcp(5432)}}, {{example::block("203.0.113.0/24")}, {}}};
    cluster.state.policies[policy.id] = policy;
    const auto compiled = cluster.compile();
    EXPECT_EQ(flows_with(compiled, Table::EgressPrecheck, "priority=100,"), 1U);
    EXPECT_EQ(flows_with(compiled, Table::EgressPrecheck, "tcp_dst=5432,actions=goto_table:135"), 1U);
    EXPECT_EQ(flows_with(compiled, Table::ReplyPrecheck, "tcp_src=5432,actions=goto_table:140"), 1U);
    EXPECT_EQ(flows_with(compiled, Table::ReplyPrecheck, "priority=100,"), 1U);
}

} // namespace
} // namespace flowgen
