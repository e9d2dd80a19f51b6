// A node that cannot serve pods gives the same reason everywhere, and recovers by itself.
#include "tests/daemonset/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The Node objects, with this node's PodCIDRs and address.
std::string nodes(const std::string& pod_cidrs, const std::string& address = "172.30.0.1") {
    return R"({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1"}, "spec": {"podCIDRs": [)" + pod_cidrs +
           R"(]}, "status": {"addresses": [{"type": "InternalIP", "address": ")" + address + R"("}]}})";
}

struct TroubledNode : Node {
    /// Waits for a reason that contains this text; returns it as in STATUS.
    [[nodiscard]] std::string reason_with(const std::string& part) const {
        EXPECT_TRUE(eventually([&] { return get("/readyz").body.contains(part); })) << get("/readyz").body;
        const auto status = call<ovs_cni::StatusResponse>(ovs_cni::StatusRequest{"ovs-cni"});
        if (status) return "STATUS finds nothing";
        EXPECT_EQ(status.error().code, ovs_cni::cni_code::kNotAvailable);
        EXPECT_EQ(get("/readyz").body, status.error().message + "\n");
        return status.error().message;
    }
    [[nodiscard]] bool is_ready_again() const {
        return eventually([&] { return get("/readyz").status == 200; });
    }
};

TEST(Unready, without_a_pod_cidr_until_there_is_one_and_the_log_says_so_once) {
    TroubledNode node;
    node.start_ready_agent();
    ASSERT_TRUE(eventually([&] { return node.log().contains("pods are served"); }));
    node.write("nodes.json", nodes(""));
    EXPECT_THAT(node.reason_with("has no podCIDR"), HasSubstr("\"node1\""));
    ASSERT_TRUE(eventually([&] { return node.log().contains("pods cannot be served"); })) << "after the hold-off";
    const auto log = node.log();
    const auto line = log.find("pods cannot be served");
    EXPECT_THAT(log.substr(line), HasSubstr("reason=NoPodCIDR"));
    EXPECT_EQ(log.find("pods cannot be served", line + 1), std::string::npos);
    node.write("nodes.json", nodes("\"10.244.1.0/24\""));
    EXPECT_TRUE(node.is_ready_again());
    EXPECT_TRUE(eventually([&] { return node.log().find("pods are served", line) != std::string::npos; }));
}

TEST(Unready, while_pods_have_addresses_outside_the_pod_cidrs_which_they_keep) {
    TroubledNode node;
    node.start_ready_agent();
    for (const auto* name : {"web", "late"}) {
        node.write_pod(name);
        node.make_interface(name);
    }
    const auto added = node.add("web");
    ASSERT_TRUE(added);
    node.write("nodes.json", nodes("\"10.99.1.0/24\", \"fd00:10:99:1::/64\""));
    EXPECT_THAT(node.reason_with("outside"),
                AllOf(HasSubstr("1 pod has an address"), HasSubstr("shop/web (10.244.1.")));
    EXPECT_EQ(node.add("late").error().code, ovs_cni::cni_code::kTryAgain);
    const auto checked = node.check("web");
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_TRUE(checked->differences.empty()) << "the pod's flows stay";
    ASSERT_TRUE(node.del("web"));
    EXPECT_TRUE(node.is_ready_again());
    EXPECT_TRUE(node.add("late"));
}

TEST(Unready, while_the_underlay_is_too_small) {
    TroubledNode node;
    node.start_ready_agent();
    node.command("ip link set underlay mtu 1340");
    EXPECT_THAT(node.reason_with("MTU"), HasSubstr("the underlay underlay has an MTU of 1340"));
    node.command("ip link set underlay mtu 1350");
    EXPECT_TRUE(node.is_ready_again());
}

TEST(Unready, without_the_node_object_or_the_tunnels_address) {
    TroubledNode node;
    node.start_ready_agent();
    node.write("nodes.json", nodes("\"10.244.1.0/24\"", "172.30.0.99"));
    EXPECT_THAT(node.reason_with("172.30.0.99"), HasSubstr("no interface of this host"));
    node.remove("nodes.json");
    EXPECT_EQ(node.reason_with("Node object"), "there is no Node object \"node1\"");
    node.write("nodes.json", nodes("\"10.244.1.0/24\""));
    EXPECT_TRUE(node.is_ready_again());
}

} // namespace
} // namespace agent
