// The CNI verbs, as the plugin sends them to a real agent with a real switch.
#include "ovs-cni/protocol/cni_error.h"
#include "tests/daemonset/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <future>
#include <set>

namespace agent {
namespace {

namespace cni_code = ovs_cni::cni_code;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A node with a ready agent and these pods, each with a host interface.
class Verbs : public ::testing::Test {
  protected:
    void start(const std::string& configuration, const std::vector<std::string>& pods) {
        node_ = std::make_unique<Node>(configuration);
        for (const auto& pod : pods) make_pod(pod);
        node().start_ready_agent();
    }
    void make_pod(const std::string& name) {
        node().write_pod(name);
        node().make_interface(name);
    }
    [[nodiscard]] Node& node() const { return *node_; }
    [[nodiscard]] std::string record_of(const std::string& name) const {
        return node().vsctl("get interface h-" + name + " external_ids");
    }
    [[nodiscard]] double free_addresses() const {
        return node().metric("ovs_cni_addresses{family=\"IPv4\",state=\"free\"}");
    }

  private:
    std::unique_ptr<Node> node_;
};

TEST_F(Verbs, add_answers_with_addresses_and_leaves_record_port_and_flows) {
    start("", {"web"});
    const auto added = node().add("web");
    ASSERT_TRUE(added) << added.error().message;
    ASSERT_EQ(added->addresses.size(), 2);
    EXPECT_EQ(added->addresses[0].text(), "10.244.1.2");
    EXPECT_EQ(added->addresses[1].text(), "fd00:10:244:1::2");
    EXPECT_EQ(added->gateways[0].text(), "169.254.1.1");
    EXPECT_EQ(added->gateways[1].text(), "fe80::1");
    EXPECT_EQ(added->mtu, 1430);
    EXPECT_FALSE(added->checksum_offload) << "the userspace datapath does not complete checksums";
    for (const auto* part :
         {"container-web", "eth0", "shop", "uid-web", "10.244.1.2,fd00:10:244:1::2", "0a:58:00:00:00:01"})
        EXPECT_THAT(record_of("web"), HasSubstr(part));
    EXPECT_THAT(node().flows("table=60,ip,nw_dst=10.244.1.2"), Not(IsEmpty()));
}

TEST_F(Verbs, add_twice_is_an_error_that_leaves_the_first_alone) {
    start("", {"web"});
    ASSERT_TRUE(node().add("web"));
    const auto flows = node().flows();
    const auto record = record_of("web");
    const auto second = node().add("web");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, cni_code::kAttachmentExists);
    EXPECT_EQ(node().flows(), flows);
    EXPECT_EQ(record_of("web"), record);
}

TEST_F(Verbs, del_removes_everything_and_succeeds_again) {
    start("", {"web"});
    const auto before = node().flows();
    const auto free = free_addresses();
    ASSERT_TRUE(node().add("web"));
    EXPECT_EQ(free_addresses(), free - 1);
    const auto removed = node().del("web");
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(removed->host_interface, "h-web");
    EXPECT_TRUE(eventually([&] { return node().flows() == before; }));
    EXPECT_TRUE(eventually([&] { return free_addresses() == free; }));
    EXPECT_THAT(node().vsctl("--columns=name list interface"), Not(HasSubstr("h-web")));
    const auto again = node().del("web");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->host_interface, std::nullopt);
}

TEST_F(Verbs, a_freed_address_is_given_out_last) {
    start("", {"web"});
    ASSERT_TRUE(node().add("web"));
    ASSERT_TRUE(node().del("web"));
    const auto second = node().add("web");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->addresses[0].text(), "10.244.1.3");
}

TEST_F(Verbs, parallel_adds_get_different_addresses_and_ports) {
    std::vector<std::string> pods;
    for (int i = 0; i < 20; ++i) pods.push_back("p" + std::to_string(i));
    start("", pods);
    std::vector<std::future<ovs_cni::CniResult<ovs_cni::AddResponse>>> calls;
    for (const auto& pod : pods) calls.push_back(std::async(std::launch::async, [&, pod] { return node().add(pod); }));
    std::set<std::string> addresses;
    for (auto& call : calls) {
        const auto added = call.get();
        ASSERT_TRUE(added) << added.error().message;
        addresses.insert(added->addresses[0].text());
    }
    EXPECT_EQ(addresses.size(), pods.size());
    std::set<int> ofports;
    const auto debug = node().debug();
    for (const auto& attachment : debug["attachments"]) ofports.insert(attachment["ofport"].get<int>());
    EXPECT_EQ(ofports.size(), pods.size());
    EXPECT_EQ(debug["flows"]["desired"], debug["flows"]["installed"]);
    EXPECT_EQ(node().flows().size(), debug["flows"]["installed"]);
}

TEST_F(Verbs, an_unknown_pod_is_waited_for_and_then_to_be_tried_again) {
    start("podWaitSeconds: 1\n", {});
    node().make_interface("web");
    const auto start_of_call = std::chrono::steady_clock::now();
    const auto refused = node().add("web");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, cni_code::kTryAgain);
    EXPECT_THAT(refused.error().message, HasSubstr("shop/web"));
    EXPECT_GE(std::chrono::steady_clock::now() - start_of_call, std::chrono::seconds(1));
    EXPECT_THAT(node().vsctl("--columns=name list interface"), Not(HasSubstr("h-web")));
}

TEST_F(Verbs, a_pod_that_becomes_known_during_add_is_attached) {
    start("podWaitSeconds: 20\n", {});
    node().make_interface("web");
    auto call = std::async(std::launch::async, [&] { return node().add("web"); });
    node().write_pod("other"); // an unrelated change
    node().write_pod("web");
    const auto added = call.get();
    EXPECT_TRUE(added) << added.error().message;
}

TEST_F(Verbs, a_pod_of_another_life_is_not_attached) {
    start("podWaitSeconds: 0\n", {"web"});
    auto request = node().add_request("web");
    request.pod->uid = "uid-of-the-next-web";
    const auto refused = node().call<ovs_cni::AddResponse>(request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, cni_code::kTryAgain);
    EXPECT_THAT(refused.error().message, HasSubstr("uid"));
}

TEST_F(Verbs, without_a_pod_an_interface_is_attached_all_the_same) {
    start("", {});
    node().make_interface("tool");
    auto request = node().add_request("tool");
    request.pod.reset();
    EXPECT_TRUE(node().call<ovs_cni::AddResponse>(request));
    EXPECT_THAT(record_of("tool"), Not(HasSubstr("pod-name")));
}

TEST_F(Verbs, del_during_the_wait_ends_the_add) {
    start("podWaitSeconds: 30\n", {});
    node().make_interface("web");
    auto call = std::async(std::launch::async, [&] { return node().add("web"); });
    ASSERT_TRUE(eventually([&] { return node().debug()["requestsUnderWay"] == 1; }));
    EXPECT_TRUE(node().del("web"));
    const auto added = call.get();
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, cni_code::kTryAgain);
    EXPECT_EQ(node().debug()["attachments"].size(), 0);
}

TEST_F(Verbs, a_missing_host_interface_undoes_the_add) {
    start("", {});
    node().write_pod("web");
    const auto before = node().flows();
    const auto free = free_addresses();
    const auto refused = node().add("web");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, cni_code::kSwitchRefused);
    EXPECT_THAT(refused.error().message, HasSubstr("h-web"));
    EXPECT_TRUE(eventually([&] { return node().flows() == before; }));
    EXPECT_TRUE(eventually([&] { return free_addresses() == free; }));
    EXPECT_THAT(node().vsctl("--columns=name list interface"), Not(HasSubstr("h-web")));
    node().make_interface("web");
    EXPECT_TRUE(node().add("web")) << "the first attempt must leave nothing behind";
}

TEST_F(Verbs, an_add_whose_plugin_died_is_undone) {
    start("podWaitSeconds: 20\n", {});
    node().make_interface("web");
    close(node().send(ovs_cni::encode_request(node().add_request("web"))));
    node().write_pod("web");
    EXPECT_TRUE(eventually([&] { return node().log().contains("disconnected before ADD was answered"); }));
    EXPECT_TRUE(eventually([&] { return node().debug()["attachments"].empty(); }));
    EXPECT_TRUE(eventually([&] { return free_addresses() == 253; }));
    EXPECT_TRUE(node().add("web"));
}

TEST_F(Verbs, exhaustion_is_a_clear_error_and_status_warns_before) {
    start("", {"a", "b", "c", "d", "e", "f"});
    node().write("nodes.json", R"({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1"},
        "spec": {"podCIDRs": ["10.244.1.0/29"]}, "status": {"addresses": [{"type": "InternalIP", "address": "172.30.0.1"}]}})");
    ASSERT_EQ(node().get("/debug/sync").status, 200);
    EXPECT_TRUE(node().call<ovs_cni::StatusResponse>(ovs_cni::StatusRequest{"ovs-cni"}));
    for (const auto* pod : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(node().add(pod)) << pod;
    const auto limited = node().call<ovs_cni::StatusResponse>(ovs_cni::StatusRequest{"ovs-cni"});
    ASSERT_FALSE(limited);
    EXPECT_EQ(limited.error().code, cni_code::kLimited);
    const auto refused = node().add("f");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, cni_code::kNoAddress);
    EXPECT_THAT(refused.error().message, HasSubstr("10.244.1.0/29"));
    ASSERT_TRUE(node().del("c"));
    const auto added = node().add("f");
    ASSERT_TRUE(added);
    EXPECT_EQ(added->addresses[0].text(), "10.244.1.4");
}

TEST_F(Verbs, check_names_the_interface_that_is_gone) {
    start("", {"web"});
    ASSERT_TRUE(node().add("web"));
    EXPECT_THAT(node().check("web")->differences, IsEmpty());
    node().command("ip link del h-web");
    EXPECT_THAT(node().check("web")->differences, Contains(HasSubstr("h-web")));
    const auto unknown = node().check("api");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, cni_code::kUnknownContainer);
}

TEST_F(Verbs, gc_removes_what_is_not_valid_and_nothing_of_other_networks) {
    start("", {"a", "b", "c"});
    ASSERT_TRUE(node().add("a"));
    ASSERT_TRUE(node().add("b"));
    auto other = node().add_request("c");
    other.network = "other";
    ASSERT_TRUE(node().call<ovs_cni::AddResponse>(other));
    const auto collected = node().call<ovs_cni::GcResponse>(
        ovs_cni::GcRequest{"ovs-cni", {{"container-a", "eth0"}, {"container-x", "eth0"}}});
    ASSERT_TRUE(collected) << collected.error().message;
    EXPECT_THAT(collected->removed, ElementsAre(ovs_cni::RemovedAttachment{{"container-b", "eth0"}, "h-b"}));
    EXPECT_TRUE(node().check("a"));
    EXPECT_FALSE(node().check("b"));
    EXPECT_TRUE(node().check("c"));
}

TEST_F(Verbs, a_restarted_agent_gives_no_address_twice) {
    start("", {"a", "b"});
    ASSERT_TRUE(node().add("a"));
    node().kill_agent();
    node().start_ready_agent();
    const auto second = node().add("b");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->addresses[0].text(), "10.244.1.3");
    EXPECT_TRUE(node().del("a"));
}

TEST_F(Verbs, what_is_no_request_gets_an_error_and_the_next_one_an_answer) {
    start("", {});
    for (const auto* line : {"\n", "{}\n", "[1]\n", "{\"verb\":\"FLY\"}\n"}) {
        const int fd = node().send(line);
        std::array<char, 4096> buffer{};
        const auto size = read(fd, buffer.data(), buffer.size());
        close(fd);
        EXPECT_THAT(std::string(buffer.data(), static_cast<std::size_t>(size)), HasSubstr("\"error\""));
    }
    EXPECT_TRUE(node().call<ovs_cni::StatusResponse>(ovs_cni::StatusRequest{"ovs-cni"}));
}

TEST_F(Verbs, only_the_owner_may_use_the_socket) {
    start("", {});
    const auto mode = std::filesystem::status(node().path("agent.sock")).permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

} // namespace
} // namespace agent
