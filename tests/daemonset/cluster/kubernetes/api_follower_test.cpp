// All resources together: when the state is used, and what becomes of each resource.
#include "daemonset/cluster/kubernetes/api_follower.h"
#include "tests/daemonset/cluster/kubernetes/client/scripted_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace agent::kubernetes {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

json metadata_of_pod(const std::string& name, const std::string& app) {
    return {
        {"kind", "PartialObjectMetadata"},
        {"apiVersion", "meta.k8s.io/v1"},
        {"metadata", {{"namespace", "shop"}, {"name", name}, {"resourceVersion", "5"}, {"labels", {{"app", app}}}}}};
}

json policy(const std::string& name, int port) {
    return {{"metadata", {{"namespace", "shop"}, {"name", name}, {"resourceVersion", "8"}}},
            {"spec", {{"podSelector", json::object()}, {"ingress", {{{"ports", {{{"port", port}}}}}}}}}};
}

std::string event(const std::string& type, const json& object) {
    return chunk(json{{"type", type}, {"object", object}}.dump() + "\n");
}

/// An API server with one of everything; a list whose path is in `withheld` is not answered.
class SmallCluster {
  public:
    json service_cidrs{{{"metadata", {{"name", "kubernetes"}}}, {"spec", {{"cidrs", {"10.96.0.0/12", "fd00::/108"}}}}}};
    std::vector<json> all_pods{metadata_of_pod("web-1", "web"), metadata_of_pod("db-1", "db")};
    std::vector<std::string> withheld;

    std::string operator()(const std::string& request) const {
        for (const auto& path : withheld)
            if (request.find(path) != std::string::npos) return {};
        if (request.find("watch=true") != std::string::npos) return kChunkedHead;
        return http_answer(200, json{{"metadata", {{"resourceVersion", "7"}}}, {"items", items(request)}}.dump());
    }

  private:
    [[nodiscard]] json items(const std::string& request) const {
        const auto asks = [&](const char* part) { return request.find(part) != std::string::npos; };
        if (asks("/pods?") && asks("spec.nodeName"))
            return {{{"metadata", {{"namespace", "shop"}, {"name", "web-1"}, {"labels", {{"app", "web"}}}}},
                     {"spec", {{"nodeName", "n1"}}}}};
        if (asks("/pods?")) return all_pods;
        if (asks("/namespaces?")) return {{{"metadata", {{"name", "shop"}}}}};
        if (asks("/nodes?")) return {{{"metadata", {{"name", "n1"}}}, {"spec", {{"podCIDRs", {"10.244.1.0/24"}}}}}};
        if (asks("/networkpolicies?")) return json::array({policy("p", 80)});
        if (asks("/servicecidrs?")) return service_cidrs;
        return json::array();
    }
};

class ApiFollowerTest : public ::testing::Test, public ClusterSource::Listener {
  protected:
    void cluster_changed(ClusterSource::Changed changed) override { changes.push_back(changed.nodes); }

    void follow() {
        server.emplace(context, [this](const std::string& request) { return cluster(request); });
        node.configuration.node = "n1";
        Timing timing;
        timing.first_retry = timing.echo = std::chrono::milliseconds(1);
        follower.emplace(
            context.get_executor(), node, *this,
            [this]() -> outcome::Result<Access> {
                Access access;
                access.servers = {parse_server_url(server->url()).value()};
                return access;
            },
            timing);
        asio::co_spawn(context, follower->run(), asio::detached);
    }

    asio::io_context context;
    SmallCluster cluster;
    NodeState node{context.get_executor(), NodeConfiguration{}};
    std::optional<ScriptedServer> server;
    std::optional<ApiFollower> follower;
    std::vector<bool> changes; ///< whether nodes were among the changes
};

TEST_F(ApiFollowerTest, every_resource_becomes_its_part_of_the_state) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster != nullptr; }));
    EXPECT_EQ(changes, std::vector<bool>{true}) << "the first state is one change";
    EXPECT_EQ(follower->last_error(), "");
    EXPECT_TRUE(follower->rescan());
    const auto& state = *node.cluster;
    EXPECT_EQ(state.pods.size(), 1U);
    EXPECT_EQ(state.pods.at({"shop", "web-1"}).node, "n1");
    const std::set<flowgen::Labels> labels{flowgen::Labels{{"app", "db"}}, flowgen::Labels{{"app", "web"}}};
    EXPECT_EQ(state.label_sets.size(), 1U);
    EXPECT_EQ(state.label_sets.at("shop"), labels);
    EXPECT_EQ(state.namespaces.at("shop").labels.at(flowgen::kNamespaceNameLabel), "shop");
    EXPECT_EQ(state.nodes.at("n1").pod_cidrs.front().text(), "10.244.1.0/24");
    EXPECT_TRUE(state.policies.contains({"shop", "p"}));
    ASSERT_EQ(state.service_cidrs.size(), 2U);
    EXPECT_EQ(state.service_cidrs[0].text(), "10.96.0.0/12");
    EXPECT_EQ(server->count("as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"), 1U);
}

TEST_F(ApiFollowerTest, only_pods_that_can_carry_an_identity_are_asked_for) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    // One list and one watch, with the characters of the selector as escaped in a URL.
    EXPECT_EQ(server->count("fieldSelector=spec.hostNetwork%3Dfalse%2Cstatus.phase%21%3DSucceeded%2C"
                            "status.phase%21%3DFailed"),
              2U);
}

TEST_F(ApiFollowerTest, a_service_range_that_is_being_deleted_counts_until_it_is_gone) {
    json leaving{{"metadata", {{"name", "more"}, {"deletionTimestamp", "2026-01-01T00:00:00Z"}}},
                 {"spec", {{"cidrs", {"10.200.0.0/16"}}}},
                 {"status", {{"conditions", {{{"type", "Ready"}, {"status", "False"}, {"reason", "Terminating"}}}}}}};
    cluster.service_cidrs.push_back(leaving);
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    EXPECT_EQ(node.cluster->service_cidrs.size(), 3U) << "Services may still have addresses from it";
    leaving["metadata"]["resourceVersion"] = "9";
    server->send("/servicecidrs?", event("DELETED", leaving));
    EXPECT_TRUE(run_until(context, [&] { return node.cluster->service_cidrs.size() == 2; }));
}

TEST_F(ApiFollowerTest, service_ranges_of_the_configuration_win_over_the_objects) {
    node.configuration.service_cidrs = {*flowgen::Prefix::parse("10.50.0.0/16")};
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 5; }));
    ASSERT_EQ(node.cluster->service_cidrs.size(), 1U);
    EXPECT_EQ(node.cluster->service_cidrs[0].text(), "10.50.0.0/16");
    EXPECT_EQ(server->count("/servicecidrs"), 0U);
}

TEST_F(ApiFollowerTest, until_everything_was_listed_nothing_counts_and_the_trouble_says_what_is_missing) {
    cluster.withheld = {"/networkpolicies?"};
    follow();
    ASSERT_TRUE(run_until(context, [&] { return server->count("watch=true") == 5; }));
    EXPECT_EQ(node.cluster, nullptr);
    EXPECT_TRUE(changes.empty());
    EXPECT_THAT(follower->last_error(), AllOf(HasSubstr("network policies"), Not(HasSubstr("nodes"))));
    EXPECT_FALSE(follower->rescan());
}

TEST_F(ApiFollowerTest, scaling_a_known_label_set_changes_nothing) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    const auto before = *node.cluster;
    std::string burst;
    for (int i = 2; i < 500; ++i) burst += event("ADDED", metadata_of_pod("web-" + std::to_string(i), "web"));
    server->send("PartialObjectMetadata;", burst + event("ADDED", metadata_of_pod("cache-1", "cache")));
    ASSERT_TRUE(run_until(context, [&] { return changes.size() == 2; }));
    EXPECT_FALSE(changes.back());
    auto expected = before;
    expected.label_sets["shop"].insert(flowgen::Labels{{"app", "cache"}});
    EXPECT_EQ(*node.cluster, expected);
    // One of many pods is removed: no change. The last pod with its labels is removed: a change.
    server->send("PartialObjectMetadata;", event("DELETED", metadata_of_pod("web-2", "web")) +
                                               event("DELETED", metadata_of_pod("cache-1", "cache")));
    ASSERT_TRUE(run_until(context, [&] { return changes.size() == 3; }));
    EXPECT_EQ(*node.cluster, before);
}

TEST_F(ApiFollowerTest, a_pod_that_comes_back_under_its_name_is_another_one) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    auto before = metadata_of_pod("db-0", "cache");
    before["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555";
    auto after = before;
    after["metadata"]["uid"] = "11111111-2222-3333-4444-555555555556";
    server->send("PartialObjectMetadata;", event("ADDED", before) + event("ADDED", after) + event("DELETED", before));
    server->send("/nodes?", event("ADDED", {{"metadata", {{"name", "n2"}, {"resourceVersion", "9"}}}}));
    ASSERT_TRUE(run_until(context, [&] { return node.cluster->nodes.contains("n2"); }));
    const flowgen::Labels cache{{"app", "cache"}};
    ASSERT_TRUE(run_until(context, [&] { return node.cluster->label_sets.at("shop").contains(cache); }));
    server->send("PartialObjectMetadata;", event("DELETED", after));
    EXPECT_TRUE(run_until(context, [&] { return !node.cluster->label_sets.at("shop").contains(cache); }));
}

TEST_F(ApiFollowerTest, a_node_that_changes_is_told_as_such) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    server->send("/nodes?", event("ADDED", {{"metadata", {{"name", "n2"}, {"resourceVersion", "9"}}}}));
    ASSERT_TRUE(run_until(context, [&] { return changes.size() == 2; }));
    EXPECT_TRUE(changes.back());
}

TEST_F(ApiFollowerTest, what_is_reported_stands_in_the_nodes_condition_also_after_the_node_was_made_anew) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    follower->report(NetworkReport{false, "OvsCniIsUp", "pods are served"});
    ASSERT_TRUE(run_until(context, [&] { return server->count("PATCH /api/v1/nodes/n1/status") == 1; }));
    const auto told = changes.size();
    const json metadata{{"name", "n1"}, {"resourceVersion", "10"}};
    const json spec{{"podCIDRs", {"10.244.1.0/24"}}};
    const json condition{
        {"type", "NetworkUnavailable"}, {"status", "False"}, {"reason", "OvsCniIsUp"}, {"message", "pods are served"}};
    const json with{{"metadata", metadata}, {"spec", spec}, {"status", {{"conditions", {condition}}}}};
    server->send("/nodes?", event("MODIFIED", with));
    server->send("/nodes?", event("MODIFIED", {{"metadata", metadata}, {"spec", spec}}));
    ASSERT_TRUE(run_until(context, [&] { return server->count("PATCH /api/v1/nodes/n1/status") == 2; }));
    EXPECT_EQ(changes.size(), told) << "a condition does not change the cluster";
}

TEST_F(ApiFollowerTest, a_policy_that_cannot_be_read_fails_closed_whether_or_not_it_could_be_before) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    server->send("/networkpolicies?", event("MODIFIED", policy("p", 70000)) + event("ADDED", policy("q", 70001)) +
                                          event("ADDED", policy("r", 81)));
    ASSERT_TRUE(run_until(context, [&] { return node.cluster->policies.contains({"shop", "r"}); }));
    for (const auto* const name : {"p", "q"}) {
        const auto& restricted = node.cluster->policies.at({"shop", name});
        EXPECT_TRUE(restricted.ingress.empty()) << name;
        EXPECT_EQ(restricted.policy_types, std::vector{flowgen::Direction::Ingress}) << name;
    }
    ASSERT_EQ(follower->errors().size(), 2U);
    EXPECT_THAT(follower->errors().front(),
                AllOf(HasSubstr("NetworkPolicy shop/p: spec.ingress[0].ports[0].port: 70000"),
                      HasSubstr("; until this is fixed, spec.ingress[0] allows nothing")));
    EXPECT_EQ(follower->last_error(), "");
    server->send("/networkpolicies?", event("MODIFIED", policy("p", 82)));
    ASSERT_TRUE(run_until(context, [&] { return follower->errors().size() == 1; }));
    EXPECT_EQ(node.cluster->policies.at({"shop", "p"}).ingress.size(), 1U);
}

TEST_F(ApiFollowerTest, another_object_that_cannot_be_read_keeps_its_last_good_version) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    const json wrong{{"metadata", {{"name", "n1"}, {"resourceVersion", "9"}}}, {"spec", {{"podCIDRs", {"nowhere"}}}}};
    server->send("/nodes?", event("MODIFIED", wrong));
    ASSERT_TRUE(run_until(context, [&] { return !follower->errors().empty(); }));
    EXPECT_EQ(node.cluster->nodes.at("n1").pod_cidrs.front().text(), "10.244.1.0/24");
}

TEST_F(ApiFollowerTest, a_server_that_goes_away_changes_nothing_but_is_listed_among_the_errors) {
    follow();
    ASSERT_TRUE(run_until(context, [&] { return node.cluster && server->count("watch=true") == 6; }));
    const auto before = *node.cluster;
    server->stop();
    ASSERT_TRUE(run_until(context, [&] { return follower->errors().size() == 6; }));
    EXPECT_EQ(follower->last_error(), "");
    EXPECT_EQ(changes.size(), 1U);
    EXPECT_EQ(*node.cluster, before);
}

TEST_F(ApiFollowerTest, a_node_without_access_says_why) {
    ApiFollower outside(context.get_executor(), node, *this, [] { return access_of_pod({"", "", "/"}); });
    asio::co_spawn(context, outside.run(), asio::detached);
    ASSERT_TRUE(run_until(context, [&] { return !outside.errors().empty(); }));
    EXPECT_THAT(outside.last_error(), HasSubstr("KUBERNETES_SERVICE_HOST"));
    context.stop();
}

} // namespace
} // namespace agent::kubernetes
