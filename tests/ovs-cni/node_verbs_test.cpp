// The verbs by raw execution on a whole node: the real agent, a real Open vSwitch, real packets.
#include "tests/daemonset/node.h"
#include "tests/ovs-cni/expectation.h"
#include "tests/ovs-cni/private_namespace.h"

#include <memory>
#include <set>

namespace ovs_cni {
namespace {

using nlohmann::json;
using testing::IsEmpty;

class NodeVerbs : public testing::Test {
  protected:
    void SetUp() override { node.start_ready_agent(); }

    /// A pod as the runtime sees it: its sandbox, and the container of the same name.
    struct Pod {
        std::string name;
        PrivateNamespace sandbox;
    };

    [[nodiscard]] PluginProcess::Setting setting(const std::string& verb, const Pod& pod, const json& more) const {
        json configuration{
            {"cniVersion", "1.1.0"}, {"name", "pods"}, {"type", "ovs-cni"}, {"agentSocket", node.path("agent.sock")}};
        configuration.update(more);
        return {OVS_CNI_PROGRAM,
                {{"CNI_COMMAND", verb},
                 {"CNI_CONTAINERID", "container-" + pod.name},
                 {"CNI_NETNS", pod.sandbox.path()},
                 {"CNI_IFNAME", "eth0"},
                 {"CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=" + pod.name}},
                configuration.dump()};
    }

    [[nodiscard]] Finished call(const std::string& verb, const Pod& pod, const json& more = json::object()) const {
        return PluginProcess(host, setting(verb, pod, more)).finish();
    }

    [[nodiscard]] json add(const Pod& pod) const {
        node.write_pod(pod.name);
        const auto added = call("ADD", pod);
        expect_success(added);
        return added.exit_code == 0 ? added.json() : json();
    }

    [[nodiscard]] std::vector<std::string> ports() {
        std::vector<std::string> names;
        std::istringstream lines(node.vsctl("list-ports br-int"));
        for (std::string name; std::getline(lines, name);) {
            if (name.starts_with("ovs")) names.push_back(name);
        }
        return names;
    }

    [[nodiscard]] std::size_t flows_of(const json& result) {
        const std::string address = result.at("ips").at(0).at("address");
        return node.flows("ip,nw_dst=" + address.substr(0, address.find('/'))).size();
    }

    agent::Node node{"podWaitSeconds: 1\n"};
    netlink::NetworkNamespace host = netlink::NetworkNamespace::current().value();
};

TEST_F(NodeVerbs, a_pod_is_connected_when_add_returns_and_leaves_nothing_after_del) {
    const Pod pod{"web", {}};
    const auto result = add(pod);
    EXPECT_EQ(ports(), std::vector<std::string>{result.at("interfaces").at(0).at("name")});
    EXPECT_GT(flows_of(result), 0U);
    pod.sandbox.run("ping -c 1 -W 2 -n 10.244.1.1 > /dev/null");
    pod.sandbox.run("ping -c 1 -W 2 -n fd00:10:244:1::1 > /dev/null");
    expect_success(call("CHECK", pod, {{"prevResult", result}}));
    expect_success(call("DEL", pod));
    EXPECT_THAT(ports(), IsEmpty());
    EXPECT_EQ(flows_of(result), 0U);
    EXPECT_THAT(pod.sandbox.links(), IsEmpty());
    expect_success(call("DEL", pod));
}

TEST_F(NodeVerbs, a_pod_that_the_agent_does_not_know_is_waited_for_and_then_to_be_tried_again) {
    const Pod pod{"unknown", {}};
    const auto added = call("ADD", pod);
    expect_error(added, cni_code::kTryAgain, "shop/unknown");
    EXPECT_GT(added.time.count(), 1000);
    EXPECT_THAT(ports(), IsEmpty());
    EXPECT_THAT(pod.sandbox.links(), IsEmpty());
}

TEST_F(NodeVerbs, a_pod_without_kubernetes_arguments_is_attached) {
    const Pod pod{"plain", {}};
    auto without = setting("ADD", pod, json::object());
    without.variables.erase("CNI_ARGS");
    expect_success(PluginProcess(host, without).finish());
    pod.sandbox.run("ping -c 1 -W 2 -n 10.244.1.1 > /dev/null");
    expect_success(call("DEL", pod));
}

TEST_F(NodeVerbs, add_twice_is_an_error_even_when_the_interface_was_lost_meanwhile) {
    const Pod pod{"web", {}};
    const auto result = add(pod);
    pod.sandbox.run("ip link del eth0");
    expect_error(call("ADD", pod), cni_code::kAttachmentExists, "attached");
    EXPECT_THAT(pod.sandbox.links(), IsEmpty());
    EXPECT_EQ(ports().size(), 1U) << "the first record stays until DEL";
    expect_success(call("DEL", pod));
    EXPECT_THAT(ports(), IsEmpty());
}

TEST_F(NodeVerbs, check_names_a_port_that_is_missing) {
    const Pod pod{"web", {}};
    const auto result = add(pod);
    node.vsctl("del-port br-int " + ports().front());
    const auto checked = call("CHECK", pod, {{"prevResult", result}});
    expect_error(checked, cni_code::kDiffers, "container-web");
    expect_success(call("DEL", pod));
}

TEST_F(NodeVerbs, gc_frees_what_is_not_listed_and_nothing_of_other_networks) {
    const Pod kept{"kept", {}};
    const Pod stale{"stale", {}};
    const Pod foreign{"foreign", {}};
    (void)add(kept);
    (void)add(stale);
    node.write_pod(foreign.name);
    expect_success(call("ADD", foreign, {{"name", "another-network"}}));
    const json valid = json::array({{{"containerID", "container-kept"}, {"ifname", "eth0"}}});
    expect_success(call("GC", kept, {{"cni.dev/valid-attachments", valid}}));
    EXPECT_EQ(ports().size(), 2U);
    EXPECT_EQ(kept.sandbox.links().size(), 1U);
    EXPECT_THAT(stale.sandbox.links(), IsEmpty());
    EXPECT_EQ(foreign.sandbox.links().size(), 1U);
    for (const auto* const pod : {&kept, &stale, &foreign}) expect_success(call("DEL", *pod));
    EXPECT_THAT(ports(), IsEmpty());
}

TEST_F(NodeVerbs, status_follows_the_agent) {
    const Pod pod{"web", {}};
    expect_success(call("STATUS", pod));
    node.kill_agent();
    expect_error(call("STATUS", pod), cni_code::kNotAvailable, "is ovs-cni-agent running");
    node.start_ready_agent();
    expect_success(call("STATUS", pod));
}

TEST_F(NodeVerbs, del_that_found_no_agent_is_completed_by_the_next_one) {
    const Pod pod{"web", {}};
    (void)add(pod);
    node.kill_agent();
    expect_error(call("DEL", pod), cni_code::kTryAgain, "until DEL or GC reaches the agent");
    EXPECT_EQ(ports().size(), 1U);
    node.start_ready_agent();
    expect_success(call("DEL", pod));
    EXPECT_THAT(ports(), IsEmpty());
}

TEST_F(NodeVerbs, eight_at_once_are_all_connected_and_all_removed) {
    std::vector<Pod> pods;
    for (int i = 0; i < 8; ++i) pods.push_back({"web-" + std::to_string(i), {}});
    const auto all_at_once = [&](const std::string& verb) {
        std::vector<std::unique_ptr<PluginProcess>> processes;
        for (const auto& pod : pods)
            processes.push_back(std::make_unique<PluginProcess>(host, setting(verb, pod, json::object())));
        std::vector<Finished> finished;
        for (auto& process : processes) finished.push_back(process->finish());
        for (const auto& one : finished) expect_success(one);
        return finished;
    };
    for (const auto& pod : pods) node.write_pod(pod.name);
    std::set<std::string> addresses;
    for (const auto& added : all_at_once("ADD")) addresses.insert(added.json().at("ips").at(0).at("address"));
    EXPECT_EQ(addresses.size(), pods.size());
    EXPECT_EQ(ports().size(), pods.size());
    for (const auto& pod : pods) pod.sandbox.run("ping -c 1 -W 2 -n 10.244.1.1 > /dev/null");
    (void)all_at_once("DEL");
    EXPECT_THAT(ports(), IsEmpty());
}

} // namespace
} // namespace ovs_cni
