#include "daemonset/node/node_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace agent {
namespace {

using ::testing::HasSubstr;

constexpr auto kLeast = "node: n1\nmanifests: /etc/cluster\n";

TEST(NodeConfiguration, two_keys_are_enough_and_the_rest_has_defaults) {
    const auto read = parse_configuration(kLeast, "agent.yaml");
    ASSERT_TRUE(read) << read.error().message;
    NodeConfiguration expected;
    expected.node = "n1";
    expected.manifests = "/etc/cluster";
    expected.openflow_socket = "/run/openvswitch/br-int.mgmt";
    EXPECT_EQ(*read, expected);
    EXPECT_EQ(read->http_address.address.text(), "127.0.0.1");
    EXPECT_EQ(read->http_address.port, 9475);
    EXPECT_EQ(read->cni_socket, "/run/ovs-cni/agent.sock");
}

TEST(NodeConfiguration, every_key_is_read) {
    const auto read = parse_configuration(
        "node: n1\nmanifests: m\nbridge: br0\ndatapath: netdev\novsdbSocket: /a\n"
        "openflowSocket: /b\ncniSocket: /c\ncniConfigDirectory: /d\ncniBinDirectory: /e\n"
        "cniConfigFile: f.conflist\nhttpAddress: '[::1]:80'\nmtu: 1400\n"
        "tunnelAddress: fd00::1\nmasquerade: false\nsysctlDirectory: /g\npodWaitSeconds: 3\nlogLevel: debug\n",
        "agent.yaml");
    ASSERT_TRUE(read) << read.error().message;
    NodeConfiguration expected;
    expected.node = "n1";
    expected.manifests = "m";
    expected.bridge = "br0";
    expected.datapath = Datapath::Netdev;
    expected.ovsdb_socket = "/a";
    expected.openflow_socket = "/b";
    expected.cni_socket = "/c";
    expected.cni_config_directory = "/d";
    expected.cni_bin_directory = "/e";
    expected.cni_config_file = "f.conflist";
    expected.http_address = {*ipam::IpAddress::parse("::1"), 80};
    expected.mtu = 1400;
    expected.tunnel_address = *ipam::IpAddress::parse("fd00::1");
    expected.masquerade = false;
    expected.sysctl_directory = "/g";
    expected.pod_wait = std::chrono::seconds(3);
    expected.log_level = LogLevel::Debug;
    EXPECT_EQ(*read, expected);
}

TEST(NodeConfiguration, the_open_flow_socket_follows_the_bridge) {
    const auto read = parse_configuration(std::string(kLeast) + "bridge: br9\n", "agent.yaml");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->openflow_socket, "/run/openvswitch/br9.mgmt");
}

TEST(NodeConfiguration, without_manifests_the_objects_come_from_the_kubernetes_api) {
    const auto read = parse_configuration("node: n\nkubeconfig: /k\napiServers: ['https://[fd00::1]:6443', http://a]\n"
                                          "serviceCIDRs: ['fd00:10:96::/112', 10.96.0.0/16]\n",
                                          "f");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read->manifests.empty());
    EXPECT_EQ(read->kubeconfig, "/k");
    ASSERT_EQ(read->api_servers.size(), 2U);
    EXPECT_EQ(read->api_servers[0], (ServerUrl{true, "fd00::1", 6443, ""}));
    EXPECT_EQ(read->api_servers[1], (ServerUrl{false, "a", 80, ""}));
    ASSERT_EQ(read->service_cidrs.size(), 2U);
    EXPECT_EQ(read->service_cidrs[0].text(), "10.96.0.0/16") << "in order";
    EXPECT_TRUE(parse_configuration("node: n\n", "f")) << "as a pod of the cluster";
}

TEST(NodeConfiguration, manifests_and_the_kubernetes_api_exclude_each_other) {
    for (const std::string other :
         {"kubeconfig: /k\n", "apiServers: [https://a]\n", "serviceCIDRs: [10.96.0.0/16]\n"}) {
        const auto read = parse_configuration(kLeast + other, "f");
        ASSERT_FALSE(read);
        EXPECT_THAT(read.error().message, HasSubstr("exclude each other"));
    }
}

struct Wrong {
    const char* text;  ///< after the two required lines
    const char* error; ///< part of the message
};

class WrongConfiguration : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongConfiguration, is_refused_with_file_line_key_and_what_is_allowed) {
    const auto read = parse_configuration(std::string(kLeast) + GetParam().text, "agent.yaml");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("agent.yaml:3: "));
    EXPECT_THAT(read.error().message, HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, WrongConfiguration,
    ::testing::Values(
        Wrong{"brigde: br-int\n", "unknown key \"brigde\"; the keys are node, manifests"},
        Wrong{"node: n2\n", "\"node\" occurs twice"}, Wrong{"bridge: a-name-of-17-char\n", "at most 15 letters"},
        Wrong{"bridge: br/int\n", "at most 15 letters"}, Wrong{"bridge: [br]\n", "bridge is a structure"},
        Wrong{"datapath: kernel\n", "\"kernel\", it must be system or netdev"}, Wrong{"mtu: 1000\n", "1280 to 65535"},
        Wrong{"mtu: 70000\n", "1280 to 65535"}, Wrong{"mtu: big\n", "1280 to 65535"},
        Wrong{"mtu: -1\n", "1280 to 65535"}, Wrong{"mtu: 14e2\n", "1280 to 65535"}, Wrong{"mtu:\n", "mtu is nothing"},
        Wrong{"httpAddress: localhost:80\n", "ADDRESS:PORT"}, Wrong{"httpAddress: 127.0.0.1\n", "ADDRESS:PORT"},
        Wrong{"httpAddress: 127.0.0.1:70000\n", "ADDRESS:PORT"}, Wrong{"httpAddress: '::1:80'\n", "ADDRESS:PORT"},
        Wrong{"tunnelAddress: node1\n", "IPv4 or IPv6 address"}, Wrong{"masquerade: yes\n", "true or false"},
        Wrong{"cniConfigFile: ovs-cni.conf\n", "ends in .conflist"},
        Wrong{"cniConfigFile: ../a.conflist\n", "without a folder"}, Wrong{"podWaitSeconds: 61\n", "0 to 60"},
        Wrong{"podWaitSeconds: 1.5\n", "0 to 60"}, Wrong{"logLevel: trace\n", "debug, info, warning or error"},
        Wrong{"cniSocket: ''\n", "a path"}, Wrong{"apiServers: https://a\n", "list of URLs"},
        Wrong{"apiServers: []\n", "list of URLs"},
        Wrong{"apiServers: [10.0.0.1]\n", "\"10.0.0.1\" is not a server URL"},
        Wrong{"apiServers: ['https://a:0']\n", "is not a server URL"}, Wrong{"kubeconfig: ''\n", "a path"},
        Wrong{"serviceCIDRs: 10.96.0.0/16\n", "a list of CIDRs"}, Wrong{"serviceCIDRs: []\n", "a list of CIDRs"},
        Wrong{"serviceCIDRs: [10.96.0.0]\n", "'10.96.0.0' is not a CIDR"},
        Wrong{"serviceCIDRs: [10.96.0.0/12, 10.96.0.0/16]\n", "10.96.0.0/16 overlaps 10.96.0.0/12"},
        Wrong{"- list\n", ""}));

TEST(NodeConfiguration, the_required_key_is_named_when_it_is_missing) {
    EXPECT_THAT(parse_configuration("manifests: m\n", "f").error().message, HasSubstr("\"node\" is missing"));
    EXPECT_FALSE(parse_configuration("", "f"));
    EXPECT_FALSE(parse_configuration("just text", "f"));
}

TEST(NodeConfiguration, the_node_comes_from_the_environment_unless_the_file_names_it) {
    ASSERT_EQ(setenv(kNodeVariable, "from-environment", 1), 0);
    const auto without = parse_configuration("manifests: m\n", "f");
    const auto with = parse_configuration(kLeast, "f");
    unsetenv(kNodeVariable);
    ASSERT_TRUE(without) << without.error().message;
    EXPECT_EQ(without->node, "from-environment");
    EXPECT_EQ(with->node, "n1");
}

TEST(NodeConfiguration, a_file_that_is_not_there_is_named) {
    EXPECT_THAT(read_configuration("/nonexistent/agent.yaml").error().message,
                HasSubstr("open the configuration /nonexistent/agent.yaml: No such file"));
}

TEST(NodeConfiguration, a_file_that_is_empty_or_a_folder_says_so) {
    EXPECT_THAT(read_configuration("/dev/null").error().message,
                HasSubstr("/dev/null:1: the configuration must be one YAML mapping"));
    EXPECT_EQ(read_configuration("/proc").error().message, "read the configuration /proc: Is a directory");
}

TEST(NodeConfiguration, every_key_is_documented) {
    std::ostringstream text;
    text << std::ifstream(DOCUMENTATION).rdbuf();
    ASSERT_FALSE(text.str().empty()) << DOCUMENTATION;
    for (const auto key : configuration_keys()) EXPECT_THAT(text.str(), HasSubstr("| `" + std::string(key) + "` |"));
}

} // namespace
} // namespace agent
