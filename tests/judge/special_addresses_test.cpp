// Packets with addresses that no network carries, on the generated flows: they are dropped, although
// no policy isolates the pod.
#include "tests/flowgen/example_cluster.h"
#include "tests/judge/pipeline_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace judge {
namespace {

using namespace flowgen::example;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint16_t kPodPort = 10;
constexpr std::uint16_t kTunnelPort = 1;
constexpr auto kGateway = static_cast<std::uint16_t>(flowgen::kLocalPort);

const std::vector<const char*> kNever{
    "0.0.0.0", "0.255.255.255", "127.0.0.1",     "127.255.255.255", "224.0.0.1", "255.255.255.255",
    "::",      "::1",           "::ffff:7f00:1", "ff02::1",
};

/// One pod with an address of each family, and no policy.
class SpecialAddresses : public testing::Test {
  protected:
    SpecialAddresses() {
        cluster.state.nodes["node1"].pod_cidrs.push_back(prefix("fd00:10:244:1::/64"));
        cluster.state.nodes["node2"].pod_cidrs.push_back(prefix("fd00:10:244:2::/64"));
        cluster.add_local_pod("shop", "web", "web");
        cluster.local.attachments.front().addresses.push_back(address("fd00:10:244:1::10"));
    }

    [[nodiscard]] static IpAddress pod_address(Family family) {
        return address(family == Family::IPv4 ? "10.244.1.10" : "fd00:10:244:1::10");
    }

    [[nodiscard]] static Tuple tuple(const IpAddress& source, const IpAddress& destination) {
        return {.source = source,
                .destination = destination,
                .protocol = protocol::kUdp,
                .source_port = 40000,
                .destination_port = 53};
    }

    /// The ports at which a packet that enters at `in_port` leaves.
    [[nodiscard]] std::vector<std::uint16_t> out(const Tuple& tuple, std::uint16_t in_port) const {
        std::vector<std::string> lines;
        for (const auto& [key, body] : cluster.compile().flows) lines.push_back(flowgen::text(key, body));
        auto bridge = Bridge::load(lines).value();
        Frame frame{.source_mac = mac("0a:00:00:00:00:01"), .destination_mac = flowgen::kRouterMac, .tuple = tuple};
        if (in_port == kPodPort) frame.source_mac = cluster.local.attachments.front().mac;
        std::optional<Encapsulation> tunnel;
        if (in_port == kTunnelPort) tunnel = Encapsulation{address("172.30.0.2"), address("172.30.0.1"), 0};
        const auto passage = bridge.receive(frame, in_port, tunnel);
        EXPECT_EQ(passage.error, "");
        std::vector<std::uint16_t> ports;
        ports.reserve(passage.emissions.size());
        for (const auto& emission : passage.emissions) ports.push_back(emission.port);
        return ports;
    }

    [[nodiscard]] std::vector<std::uint16_t> to(const char* text, std::uint16_t in_port = kPodPort) const {
        const auto destination = address(text);
        auto source = pod_address(destination.family);
        if (in_port == kTunnelPort)
            source = address(destination.family == Family::IPv4 ? "10.244.2.5" : "fd00:10:244:2::5");
        if (in_port == kGateway) source = address(destination.family == Family::IPv4 ? "192.0.2.7" : "2001:db8::7");
        return out(tuple(source, destination), in_port);
    }

    [[nodiscard]] std::vector<std::uint16_t> from(const char* text, std::uint16_t in_port = kGateway) const {
        const auto source = address(text);
        return out(tuple(source, pod_address(source.family)), in_port);
    }

    Cluster cluster;
};

TEST_F(SpecialAddresses, nothing_is_sent_to_them) {
    for (const char* never : kNever)
        for (const auto port : {kPodPort, kTunnelPort, kGateway}) EXPECT_THAT(to(never, port), IsEmpty()) << never;
}

TEST_F(SpecialAddresses, nothing_comes_from_them) {
    for (const char* never : kNever)
        for (const auto port : {kPodPort, kTunnelPort, kGateway}) EXPECT_THAT(from(never, port), IsEmpty()) << never;
}

TEST_F(SpecialAddresses, their_neighbours_are_the_outside) {
    for (const char* ordinary : {"1.0.0.0", "126.255.255.255", "128.0.0.0", "223.255.255.255", "169.254.169.254", "::2",
                                 "64:ff9b::1", "fec0::1"}) {
        EXPECT_THAT(to(ordinary), ElementsAre(kGateway)) << ordinary;
        EXPECT_THAT(from(ordinary), ElementsAre(kPodPort)) << ordinary;
    }
}

TEST_F(SpecialAddresses, the_reserved_block_is_one_of_them) {
    for (const char* reserved : {"240.0.0.0", "247.1.2.3", "255.255.255.254"}) {
        EXPECT_THAT(to(reserved), IsEmpty()) << reserved;
        EXPECT_THAT(from(reserved), IsEmpty()) << reserved;
    }
}

/// A cluster with an address in the block uses all of it as ordinary addresses.
class ReservedBlock : public SpecialAddresses {
  protected:
    void expect_ordinary() const {
        EXPECT_THAT(to("247.1.2.3"), ElementsAre(kGateway));
        EXPECT_THAT(from("247.1.2.3"), ElementsAre(kPodPort));
        EXPECT_THAT(to("255.255.255.255"), IsEmpty());
        EXPECT_THAT(from("255.255.255.255"), IsEmpty());
    }
};

TEST_F(ReservedBlock, is_ordinary_where_pods_are_in_it) {
    cluster.state.nodes["node2"].pod_cidrs.push_back(prefix("240.244.2.0/24"));
    expect_ordinary();
    EXPECT_THAT(to("240.244.2.5"), ElementsAre(kTunnelPort));
}

TEST_F(ReservedBlock, is_ordinary_where_a_node_is_in_it) {
    cluster.state.nodes["node2"].addresses.push_back(address("240.0.0.2"));
    expect_ordinary();
    EXPECT_THAT(to("240.0.0.2"), ElementsAre(kTunnelPort));
}

TEST_F(ReservedBlock, is_ordinary_where_this_host_has_an_address_in_it) {
    cluster.local.host_addresses = {address("240.0.0.1")};
    expect_ordinary();
    EXPECT_THAT(to("240.0.0.1"), ElementsAre(kGateway));
    EXPECT_THAT(from("240.0.0.1"), ElementsAre(kPodPort));
}

TEST_F(ReservedBlock, is_ordinary_where_services_are_in_it) {
    cluster.state.service_cidrs = {prefix("240.96.0.0/16")};
    expect_ordinary();
    EXPECT_THAT(to("240.96.0.10"), ElementsAre(kGateway));
}

} // namespace
} // namespace judge
