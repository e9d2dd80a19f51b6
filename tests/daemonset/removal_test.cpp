// `ovs-cni-agent --remove` on a real switch: everything of ours goes, and everything else stays.
#include "tests/daemonset/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct LeavingNode : Node {
    LeavingNode() {
        configure("cniConfigDirectory: " + path("net.d").string() + "\ncniBinDirectory: " + path("bin").string() +
                  "\n");
    }
    void serve_a_pod() {
        start_ready_agent();
        write_pod("web");
        command("ip link add ovs0123456789a type veth peer name inside && ip link set ovs0123456789a up");
        auto request = add_request("web");
        request.host_interface = "ovs0123456789a"; // a name in the plugin's form
        ASSERT_TRUE(call<ovs_cni::AddResponse>(request));
        ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path("net.d") / "10-ovs-cni.conflist"); }));
    }
    /// The output of the removal, with its exit code as the last line.
    std::string remove_network() {
        return command(std::string(AGENT_PROGRAM) + " --remove --config " + path("agent.yaml").string() +
                       "; echo exit code $?");
    }
};

TEST(Removal, nothing_of_ours_stays_and_a_second_removal_finds_nothing) {
    LeavingNode node;
    node.serve_a_pod();
    node.kill_agent(); // so that its socket stays as well
    const auto removed = node.remove_network();
    for (const auto* line : {"10-ovs-cni.conflist and ", "/bin/ovs-cni\n", "removed 4 routes to PodCIDRs\n",
                             "removed nftables table inet ovs-cni\n", "removed bridge br-int with its ports\n",
                             "removed 1 interfaces of pods\n", "agent.sock\n", "exit code 0\n"})
        EXPECT_THAT(removed, HasSubstr(line));
    EXPECT_THAT(node.command("ip -o link"), Not(HasSubstr("br-int")));
    EXPECT_THAT(node.command("ip -o link"), Not(HasSubstr("ovs0123456789a")));
    EXPECT_THAT(node.command("ip -o link"), HasSubstr("underlay"));
    EXPECT_THAT(node.command("ip route show proto 79; ip -6 route show proto 79"), IsEmpty());
    EXPECT_THAT(node.command("nft list tables"), IsEmpty());
    EXPECT_THAT(node.vsctl("show"), Not(HasSubstr("Bridge")));
    EXPECT_THAT(node.vsctl("--columns=name list Flow_Table") + node.vsctl("--columns=name list Interface"), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(node.path("agent.sock")));
    EXPECT_EQ(node.remove_network(), "nothing is left to remove\nexit code 0\n");
}

TEST(Removal, what_others_made_stays) {
    LeavingNode node;
    node.serve_a_pod();
    node.stop_agent();
    node.vsctl("add-br br-other -- set bridge br-other datapath_type=netdev");
    node.command("ip link add veth-other type veth peer name other-end && ip route add 192.0.2.0/24 dev underlay && "
                 "nft add table inet other && touch " +
                 (node.path("net.d") / "20-other.conflist").string());
    ASSERT_THAT(node.remove_network(), HasSubstr("exit code 0"));
    EXPECT_EQ(node.vsctl("list-br"), "br-other\n");
    EXPECT_THAT(node.command("ip -o link"), HasSubstr("veth-other"));
    EXPECT_THAT(node.command("ip route show 192.0.2.0/24"), HasSubstr("underlay"));
    EXPECT_THAT(node.command("nft list tables"), HasSubstr("inet other"));
    EXPECT_TRUE(std::filesystem::exists(node.path("net.d") / "20-other.conflist"));
}

TEST(Removal, is_refused_while_an_agent_runs) {
    LeavingNode node;
    node.serve_a_pod();
    EXPECT_THAT(node.remove_network(), HasSubstr("stop it first"));
    EXPECT_THAT(node.vsctl("list-br"), HasSubstr("br-int"));
    EXPECT_EQ(node.get("/readyz").status, 200);
}

TEST(Removal, without_a_database_the_rest_goes_and_the_bridge_is_named) {
    LeavingNode node;
    node.serve_a_pod();
    node.stop_agent();
    node.stop_ovsdb();
    const auto removed = node.remove_network();
    EXPECT_THAT(removed, HasSubstr("bridge br-int stays: "));
    EXPECT_THAT(removed, HasSubstr("exit code 1"));
    EXPECT_THAT(removed, HasSubstr("removed nftables table"));
    node.start_ovsdb();
    EXPECT_THAT(node.remove_network(), HasSubstr("removed bridge br-int"));
}

TEST(Removal, without_access_to_the_api_the_condition_stays_and_the_way_to_remove_it_is_told) {
    LeavingNode node;
    node.command("sed -i /^manifests/d " + node.path("agent.yaml").string());
    const auto removed = node.remove_network();
    EXPECT_THAT(removed, HasSubstr("left: the condition NetworkUnavailable of node node1, because"));
    EXPECT_THAT(removed, HasSubstr("kubectl patch node node1 --subresource=status"));
    EXPECT_THAT(removed, HasSubstr("exit code 0"));
}

TEST(Removal, a_network_that_was_removed_can_be_installed_again) {
    LeavingNode node;
    node.serve_a_pod();
    const auto before = node.flows("table=20");
    node.stop_agent();
    ASSERT_THAT(node.remove_network(), HasSubstr("exit code 0"));
    node.start_ready_agent();
    EXPECT_EQ(node.flows("table=20"), before);
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(node.path("net.d") / "10-ovs-cni.conflist"); }));
    EXPECT_EQ(node.debug()["attachments"].size(), 0);
}

} // namespace
} // namespace agent
