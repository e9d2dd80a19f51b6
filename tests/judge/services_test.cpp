// Traffic with ClusterIPs on the generated flows: it goes to the host and comes back, with or
// without policy.
#include "tests/flowgen/example_cluster.h"
#include "tests/judge/pipeline_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace judge {
namespace {

using namespace flowgen::example;
using flowgen::kLocalPort;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kClusterIp = "10.96.0.10";
constexpr auto kPod = "10.244.1.10";
constexpr std::uint16_t kPodPort = 10;
constexpr std::uint16_t kTunnelPort = 1;
constexpr auto kGateway = static_cast<std::uint16_t>(kLocalPort);

/// One pod, isolated in both directions without any rule, and a service range.
class Services : public testing::Test {
  protected:
    Services() {
        cluster.add_local_pod("shop", "web", "web");
        cluster.state.policies[{"shop", "nothing"}] = flowgen::NetworkPolicy{
            {"shop", "nothing"}, {}, {flowgen::Direction::Ingress, flowgen::Direction::Egress}, {}, {}};
        cluster.state.service_cidrs = {prefix("10.96.0.0/16")};
    }

    /// The port at which a packet that enters at `in_port` leaves.
    std::vector<std::uint16_t> out(const Tuple& tuple, std::uint16_t in_port, Untracked untracked = Untracked::New,
                                   bool opening = false) {
        if (!bridge) {
            std::vector<std::string> lines;
            for (const auto& [key, body] : cluster.compile().flows) lines.push_back(flowgen::text(key, body));
            bridge.emplace(std::move(Bridge::load(lines).value()));
        }
        auto source = mac("0a:00:00:00:00:01"); // the gateway's
        for (const auto& attachment : cluster.local.attachments)
            if (attachment.ofport == in_port) source = attachment.mac;
        Frame frame{.source_mac = source, .destination_mac = flowgen::kRouterMac, .tuple = tuple};
        frame.untracked = untracked;
        frame.opening = opening;
        std::optional<Encapsulation> tunnel;
        if (in_port == kTunnelPort) tunnel = Encapsulation{address("172.30.0.2"), address("172.30.0.1"), 0};
        const auto passage = bridge->receive(frame, in_port, tunnel);
        EXPECT_EQ(passage.error, "");
        std::vector<std::uint16_t> ports;
        ports.reserve(passage.emissions.size());
        for (const auto& emission : passage.emissions) ports.push_back(emission.port);
        return ports;
    }

    static Tuple tuple(const char* source, const char* destination) {
        return {.source = address(source),
                .destination = address(destination),
                .protocol = protocol::kTcp,
                .source_port = 40000,
                .destination_port = 80};
    }

    Cluster cluster;
    std::optional<Bridge> bridge;
};

TEST_F(Services, what_a_pod_sends_to_a_cluster_ip_goes_to_its_host_whatever_policy_says) {
    EXPECT_THAT(out(tuple(kPod, kClusterIp), kPodPort), ElementsAre(kGateway));
    EXPECT_THAT(out(tuple(kPod, kClusterIp), kPodPort), ElementsAre(kGateway));
    EXPECT_THAT(out(tuple(kPod, "10.97.0.10"), kPodPort), IsEmpty()) << "not a ClusterIP: policy decides";
}

TEST_F(Services, the_reply_that_the_host_has_translated_back_reaches_the_pod) {
    ASSERT_THAT(out(tuple(kPod, kClusterIp), kPodPort), ElementsAre(kGateway));
    EXPECT_THAT(out(tuple(kPod, kClusterIp).reversed(), kGateway), ElementsAre(kPodPort));
    EXPECT_THAT(out(tuple(kPod, kClusterIp), kPodPort), ElementsAre(kGateway));
}

TEST_F(Services, what_pretends_to_come_from_a_cluster_ip_is_no_reply_and_meets_policy) {
    EXPECT_THAT(out(tuple(kClusterIp, kPod), kGateway), IsEmpty());
    EXPECT_THAT(out(tuple(kPod, kClusterIp).reversed(), kGateway), IsEmpty());
}

TEST_F(Services, only_pods_of_this_node_are_served) {
    EXPECT_THAT(out(tuple("172.30.0.1", kClusterIp), kGateway), IsEmpty());
    EXPECT_THAT(out(tuple("10.244.2.5", kClusterIp), kTunnelPort), IsEmpty());
}

TEST_F(Services, what_belongs_to_no_connection_begins_none) {
    EXPECT_THAT(out(tuple(kPod, kClusterIp), kPodPort, Untracked::Invalid), IsEmpty());
}

TEST_F(Services, a_packet_that_comes_back_from_the_host_translated_meets_policy) {
    cluster.add_local_pod("shop", "db", "db"); // 10.244.1.11, port 11, isolated as well
    EXPECT_THAT(out(tuple(kPod, "10.244.1.11"), kGateway), IsEmpty());
    bridge.reset();
    cluster.state.policies.clear();
    EXPECT_THAT(out(tuple(kPod, "10.244.1.11"), kGateway, Untracked::New, true), ElementsAre(11));
    EXPECT_THAT(out(tuple(kPod, "10.244.1.11").reversed(), 11), ElementsAre(kGateway)) << "the host translated it";
}

TEST_F(Services, a_connection_whose_beginning_was_not_seen_still_goes_through_the_host) {
    cluster.add_local_pod("shop", "db", "db");
    cluster.state.policies.clear();
    EXPECT_THAT(out(tuple(kPod, "10.244.1.11"), kGateway), ElementsAre(11));
    EXPECT_THAT(out(tuple(kPod, "10.244.1.11").reversed(), 11), ElementsAre(kGateway));
    EXPECT_THAT(out(tuple("192.0.2.1", kPod), kGateway), ElementsAre(kPodPort));
    EXPECT_THAT(out(tuple("192.0.2.1", kPod).reversed(), kPodPort), ElementsAre(kGateway));
    const auto other_node = "172.30.0.2";
    EXPECT_THAT(out(tuple(other_node, kPod), kGateway), ElementsAre(kPodPort)) << "a NodePort of this node";
    EXPECT_THAT(out(tuple(other_node, kPod).reversed(), kPodPort), ElementsAre(kGateway));
}

} // namespace
} // namespace judge
