// From a saved manifest to the switch.
#include "tests/daemonset/node.h"
#include "tests/daemonset/switch/real_switch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

namespace agent {
namespace {

using ::testing::HasSubstr;

constexpr auto kPolicy = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: api}}}]
    ports: [{port: PORT}]
)";

/// Lets pods with app=api reach app=web on this port.
std::string policy(int port) {
    std::string text = kPolicy;
    return text.replace(text.find("PORT"), 4, std::to_string(port));
}

constexpr auto kDeployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: c}]}
)";

/// Observes every change of the bridge's flows, over a connection of its own.
class FlowWatcher {
  public:
    explicit FlowWatcher(const Node& node)
        : connection_(
              agent::must(agent::run(loop_, agent::OpenFlowConnection::connect(node.path("br-int.mgmt").string())))) {
        expect();
    }
    /// Forgets earlier changes.
    void forget() {
        agent::must(agent::run(loop_, connection_->barrier()));
        while (seen()) expect();
    }
    /// Waits for the next change.
    void wait() {
        while (!seen()) loop_.run_one();
        expect();
    }

  private:
    void expect() { event_ = boost::asio::co_spawn(loop_, connection_->next_event(), boost::asio::use_future); }
    bool seen() {
        loop_.restart();
        loop_.poll();
        loop_.restart();
        return event_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }

    boost::asio::io_context loop_;
    std::unique_ptr<agent::OpenFlowConnection> connection_;
    std::future<agent::SwitchEvent> event_;
};

TEST(Manifests, a_saved_policy_reaches_the_switch_in_less_than50_milliseconds) {
    Node node;
    node.write_pod("web");
    node.write("deployment.yaml", kDeployment);
    node.make_interface("web");
    node.start_ready_agent();
    ASSERT_TRUE(node.add("web"));
    FlowWatcher watcher(node);
    std::vector<double> times;
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(node.get("/debug/sync").status, 200);
        watcher.forget();
        const auto start = std::chrono::steady_clock::now();
        node.write("policy.yaml", policy(8000 + i));
        watcher.wait();
        times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::ranges::sort(times);
    const double median = times[times.size() / 2];
    std::printf("policy file saved -> flows in the switch: median %.2f ms, largest %.2f ms\n", median, times.back());
    EXPECT_LT(median, AGENT_INSTRUMENTED ? 500 : 50);
}

TEST(Manifests, a_broken_file_keeps_its_last_good_state_and_is_named) {
    Node node;
    node.write_pod("web");
    node.make_interface("web");
    node.write("policy.yaml", policy(80));
    node.start_ready_agent();
    ASSERT_TRUE(node.add("web"));
    const auto before = node.flows();
    node.write("policy.yaml",
               "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop\n");
    const auto synchronised = node.get("/debug/sync");
    EXPECT_EQ(synchronised.status, 200);
    EXPECT_THAT(synchronised.body, HasSubstr("policy.yaml:"));
    EXPECT_EQ(node.flows(), before);
    EXPECT_EQ(node.metric("ovs_cni_source_errors"), 1);
    node.write("policy.yaml", policy(80));
    EXPECT_EQ(node.get("/debug/sync").status, 200);
    EXPECT_EQ(node.metric("ovs_cni_source_errors"), 0);
    EXPECT_EQ(node.flows(), before);
}

TEST(Manifests, an_agent_that_starts_beside_a_broken_file_leaves_the_switch_as_it_is) {
    Node node;
    node.write_pod("web");
    node.make_interface("web");
    node.write("policy.yaml", policy(80));
    node.start_ready_agent();
    ASSERT_TRUE(node.add("web"));
    const auto before = node.flows();
    node.stop_agent();
    node.write("policy.yaml", "kind: [\n");
    node.start_agent();
    ASSERT_TRUE(eventually([&] { return node.get("/readyz").body.contains("policy.yaml"); }));
    EXPECT_EQ(node.get("/readyz").status, 503);
    EXPECT_EQ(node.flows(), before) << "a broken file must not remove the policy's flows";
    node.write("policy.yaml", policy(80));
    EXPECT_TRUE(eventually([&] { return node.get("/readyz").status == 200; }));
    EXPECT_EQ(node.flows(), before);
}

TEST(Manifests, replicas_elsewhere_change_no_flow) {
    Node node;
    node.write_pod("web");
    node.make_interface("web");
    node.write("policy.yaml", policy(80));
    node.write("deployment.yaml", kDeployment);
    node.start_ready_agent();
    ASSERT_TRUE(node.add("web"));
    const auto sent = [&] {
        return node.metric("ovs_cni_flow_mods_total{kind=\"add\"}") +
               node.metric("ovs_cni_flow_mods_total{kind=\"remove\"}");
    };
    const auto before = sent();
    for (int i = 0; i < 100; ++i)
        node.write("api-" + std::to_string(i) + ".yaml",
                   "{apiVersion: v1, kind: Pod, metadata: {name: api-" + std::to_string(i) +
                       ", namespace: shop, labels: {app: api}}, spec: {nodeName: node2, containers: [{name: c}]}}\n");
    ASSERT_EQ(node.get("/debug/sync").status, 200);
    EXPECT_EQ(node.debug()["cluster"]["pods"], 101);
    EXPECT_EQ(sent(), before);
}

TEST(Manifests, a_pod_that_is_gone_is_cut_off_while_its_sandbox_stays) {
    Node node;
    node.write_pod("web");
    node.make_interface("web");
    node.start_ready_agent();
    ASSERT_TRUE(node.add("web"));
    node.remove("pod-web.json");
    ASSERT_EQ(node.get("/debug/sync").status, 200);
    const auto flows = node.flows("table=60,ip,nw_dst=10.244.1.2");
    ASSERT_EQ(flows.size(), 1);
    EXPECT_THAT(flows[0], HasSubstr("actions=drop"));
}

} // namespace
} // namespace agent
