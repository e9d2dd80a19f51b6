// When the agent announces its network to the container runtime, on a real switch.
#include "tests/daemonset/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct InstallingNode : Node {
    InstallingNode() {
        configure("cniConfigDirectory: " + path("net.d").string() + "\ncniBinDirectory: " + path("bin").string() +
                  "\n");
    }
    [[nodiscard]] bool has_plugin() const { return std::filesystem::exists(path("bin") / "ovs-cni"); }
    [[nodiscard]] bool has_conflist() const { return std::filesystem::exists(path("net.d") / "10-ovs-cni.conflist"); }
};

TEST(Installation, a_node_that_cannot_serve_is_not_made_known) {
    InstallingNode node;
    node.write("broken.yaml", "kind: [\n");
    node.start_agent();
    ASSERT_TRUE(eventually([&] { return node.get("/readyz").body.contains("broken.yaml"); }));
    EXPECT_FALSE(node.has_plugin());
    EXPECT_FALSE(node.has_conflist());
    node.remove("broken.yaml");
    EXPECT_TRUE(eventually([&] { return node.has_conflist(); })) << node.log();
    EXPECT_TRUE(node.has_plugin()) << "the conflist must not be there before the plugin";
    EXPECT_EQ(node.get("/readyz").status, 200);
}

TEST(Installation, the_installed_plugin_answers_and_the_end_of_the_agent_leaves_it) {
    InstallingNode node;
    node.start_ready_agent();
    ASSERT_TRUE(eventually([&] { return node.has_conflist(); })) << node.log();
    EXPECT_EQ(node.stop_agent(), 0);
    EXPECT_TRUE(node.has_conflist());
    EXPECT_THAT(node.command("echo '{\"cniVersion\": \"1.1.0\"}' | CNI_COMMAND=VERSION " +
                             (node.path("bin") / "ovs-cni").string()),
                HasSubstr("1.1.0"));
}

TEST(Installation, a_folder_that_cannot_be_written_is_tried_again) {
    InstallingNode node;
    node.command("touch " + node.path("bin").string()); // a file where the folder should be
    node.start_ready_agent();
    ASSERT_TRUE(eventually([&] { return node.log().contains("installing the CNI plugin"); })) << node.log();
    EXPECT_FALSE(node.has_conflist());
    node.command("rm " + node.path("bin").string());
    node.write("node3.yaml", "{apiVersion: v1, kind: Node, metadata: {name: node3}}\n"); // any change
    EXPECT_TRUE(eventually([&] { return node.has_conflist(); })) << node.log();
}

TEST(Installation, a_network_that_the_runtime_prefers_is_named_as_a_warning) {
    InstallingNode node;
    node.command("mkdir " + node.path("net.d").string() + " && echo '{}' > " + node.path("net.d").string() +
                 "/05-other.conflist && echo '{}' > " + node.path("net.d").string() + "/99-loopback.conf");
    node.start_ready_agent();
    ASSERT_TRUE(eventually([&] { return node.log().contains("files=05-other.conflist"); })) << node.log();
    EXPECT_THAT(node.log(), HasSubstr("level=warning msg=\"other networks come first"));
    EXPECT_THAT(node.log(), HasSubstr("files=99-loopback.conf"));
}

TEST(Installation, an_agent_without_the_folder_installs_nothing) {
    Node node;
    node.start_ready_agent();
    EXPECT_THAT(node.log(), Not(HasSubstr("msg=installed")));
}

} // namespace
} // namespace agent
