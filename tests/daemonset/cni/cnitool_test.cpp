// How a container runtime uses the conflist from the agent: the runtime's own library, libcni,
// drives the installed plugin on a real node.
//
//   agent ──► 10-ovs-cni.conflist ──► cnitool of libcni 1.1.2 or of the newest ──► ovs-cni ──► agent
//
// libcni 1.1.2 is containerd 1.7's. It knows CNI up to 1.0.0 and refuses results of a later version.
#include "tests/daemonset/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

namespace agent {
namespace {

using ::testing::HasSubstr;

struct Libcni {
    std::string name;
    std::string cnitool;
    std::string cni_version; ///< the highest that it supports
};

std::ostream& operator<<(std::ostream& out, const Libcni& libcni) { return out << libcni.cnitool; }

const Libcni kOlder{"of_containerd_1_7", OLDER_CNITOOL, "1.0.0"};
const Libcni kNewest{"newest", NEWEST_CNITOOL, "1.1.0"};

struct Output {
    int exit_code = 0;
    std::string text; ///< of both streams
};

/// A node whose agent has installed plugin and conflist, and the sandbox of a pod to be attached.
class NodeWithSandbox : public Node {
  public:
    /// `chained`: a shell command that puts further plugins into `bin`, the current folder.
    explicit NodeWithSandbox(const std::string& chained = "true") {
        std::filesystem::create_directory(path("bin"));
        command("cd " + path("bin").string() + " && " + chained);
        configure("cniConfigDirectory: " + path("net.d").string() + "\ncniBinDirectory: " + path("bin").string() +
                  "\n");
        write_pod("web");
        start_ready_agent();
        if (!eventually([&] { return std::filesystem::exists(conflist()); }))
            throw std::runtime_error("no conflist: " + log());
        std::filesystem::create_directory(path("lib"));
        command("ip netns add " + sandbox_);
    }
    ~NodeWithSandbox() { command("ip netns delete " + sandbox_); }
    NodeWithSandbox(const NodeWithSandbox&) = delete;
    NodeWithSandbox& operator=(const NodeWithSandbox&) = delete;

    [[nodiscard]] std::filesystem::path conflist() const { return path("net.d") / "10-ovs-cni.conflist"; }

    /// Runs a verb of cnitool. libcni's state between verbs, /var/lib/cni, is in the node's folder.
    Output cnitool(const Libcni& libcni, const std::string& verb) {
        const std::string line =
            "CNI_PATH=" + path("bin").string() + " NETCONFPATH=" + path("net.d").string() +
            " CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=uid-web'" +
            " unshare --mount --propagation private sh -c 'mount --bind " + path("lib").string() +
            " /var/lib && exec \"$@\"' sh " + libcni.cnitool + " " + verb + " ovs-cni /run/netns/" + sandbox_;
        const auto text = command(line + "; echo \" exit $?\"");
        const auto end = text.rfind(" exit ");
        return {std::stoi(text.substr(end + 6)), text.substr(0, end)};
    }
    [[nodiscard]] std::string addresses() { return command("ip -n " + sandbox_ + " -br address"); }
    [[nodiscard]] std::size_t attachments() const { return debug().at("attachments").size(); }

  private:
    std::string sandbox_ = "cnitool-" + std::to_string(getpid());
};

class Runtimes : public ::testing::TestWithParam<Libcni> {
  protected:
    void SetUp() override {
        if (access(GetParam().cnitool.c_str(), X_OK) != 0)
            GTEST_SKIP() << GetParam().cnitool << " is missing: tools/setup-kubernetes --cnitool builds it";
    }
};

TEST_P(Runtimes, attach_check_and_detach_a_pod_with_the_conflist_that_the_agent_wrote) {
    NodeWithSandbox node;
    const auto added = node.cnitool(GetParam(), "add");
    ASSERT_EQ(added.exit_code, 0) << added.text << node.log();
    EXPECT_EQ(nlohmann::json::parse(added.text).at("cniVersion"), GetParam().cni_version);
    EXPECT_THAT(node.addresses(), HasSubstr("10.244.1.2/32"));
    const auto checked = node.cnitool(GetParam(), "check");
    EXPECT_EQ(checked.exit_code, 0) << checked.text;
    const auto removed = node.cnitool(GetParam(), "del");
    EXPECT_EQ(removed.exit_code, 0) << removed.text;
    EXPECT_EQ(node.attachments(), 0U);
}

TEST_P(Runtimes, have_each_plugin_of_the_list_called_with_one_version) {
    NodeWithSandbox node;
    auto list = nlohmann::json::parse(std::ifstream(node.conflist()));
    list["plugins"].push_back({{"type", "next"}});
    std::ofstream(node.conflist()) << list.dump();
    node.command("printf '%s\\n' '#!/bin/sh' 'tee -a " + node.path("seen").string() +
                 " | sed \"s/.*\\\"prevResult\\\"://; s/}$//\"' >" + (node.path("bin") / "next").string() +
                 " && chmod +x " + (node.path("bin") / "next").string());
    const auto added = node.cnitool(GetParam(), "add");
    const auto seen = nlohmann::json::parse(std::ifstream(node.path("seen")), nullptr, false);
    ASSERT_TRUE(seen.is_object()) << added.text;
    EXPECT_EQ(seen.at("cniVersion"), GetParam().cni_version);
    EXPECT_EQ(seen.at("prevResult").at("cniVersion"), GetParam().cni_version);
}

TEST_P(Runtimes, serve_a_pod_beside_a_plugin_that_is_too_old_for_the_newest_version) {
    NodeWithSandbox node("cp /usr/lib/cni/portmap ."); // Debian's supports up to 1.0.0
    EXPECT_THAT(node.log(), HasSubstr("bin/portmap does not support 1.1.0"));
    const auto added = node.cnitool(GetParam(), "add");
    ASSERT_EQ(added.exit_code, 0) << added.text << node.log();
    EXPECT_EQ(nlohmann::json::parse(added.text).at("cniVersion"), "1.0.0");
    EXPECT_EQ(node.cnitool(GetParam(), "check").exit_code, 0);
    EXPECT_EQ(node.cnitool(GetParam(), "del").exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Libcni, Runtimes, ::testing::Values(kOlder, kNewest),
                         [](const auto& each) { return each.param.name; });

class NewestRuntime : public ::testing::Test {
  protected:
    void SetUp() override {
        if (access(NEWEST_CNITOOL, X_OK) != 0)
            GTEST_SKIP() << NEWEST_CNITOOL << " is missing: tools/setup-kubernetes --cnitool builds it";
    }
};

TEST_F(NewestRuntime, learns_whether_the_node_can_serve) {
    NodeWithSandbox node;
    const auto serves = node.cnitool(kNewest, "status");
    EXPECT_EQ(serves.exit_code, 0) << serves.text;
    node.stop_agent();
    const auto away = node.cnitool(kNewest, "status");
    EXPECT_NE(away.exit_code, 0);
    EXPECT_THAT(away.text, HasSubstr("agent"));
}

TEST_F(NewestRuntime, collects_what_is_its_own_and_without_a_list_nothing_else) {
    NodeWithSandbox node;
    node.write_pod("other");
    node.make_interface("other");
    ASSERT_TRUE(node.add("other")) << node.log();
    ASSERT_EQ(node.cnitool(kNewest, "add").exit_code, 0);
    ASSERT_EQ(node.attachments(), 2U);
    const auto collected = node.cnitool(kNewest, "gc"); // it has no list to pass, and ends its own attachments by DEL
    EXPECT_THAT(collected.text, HasSubstr("GC needs cni.dev/valid-attachments"));
    EXPECT_EQ(node.attachments(), 1U);
}

} // namespace
} // namespace agent
