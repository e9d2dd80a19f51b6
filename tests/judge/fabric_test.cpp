// The fabric: bridges joined by their tunnels, and which forged packets are dropped at which port.
#include "tests/judge/agreement.h"
#include "tests/judge/random_attempts.h"
#include "tests/judge/seed.h"

#include "flowgen/flow/pipeline.h"

#include <gtest/gtest.h>

namespace judge {
namespace {

constexpr std::uint16_t kLocal = flowgen::kLocalPort;

IpAddress ip(const std::string& text) { return *IpAddress::parse(text); }

Frame tcp(const std::string& source, const std::string& destination) {
    return {.source_mac = {},
            .destination_mac = {},
            .tuple = {.source = ip(source),
                      .destination = ip(destination),
                      .protocol = protocol::kTcp,
                      .source_port = 40000,
                      .destination_port = 80}};
}

/// Two nodes: 10.0.1.2 is at port 10 of one, 10.0.2.2 at port 10 of two, everything else goes to LOCAL.
std::map<std::string, FabricNode> two_nodes() {
    const auto flows = [](int own, int peer) -> std::vector<std::string> {
        const auto number = [](int value) { return std::to_string(value); };
        return {"table=0,priority=9,ip,nw_dst=10.0." + number(own) + ".2,actions=output:10",
                "table=0,priority=9,in_port=10,ip,nw_dst=10.0." + number(peer) + ".0/24,actions=set_field:172.30.0." +
                    number(peer) + "->tun_dst,set_field:0x7->tun_metadata0,output:1",
                "table=0,priority=8,in_port=1,tun_metadata0=0x7,tun_src=172.30.0." + number(peer) + ",actions=LOCAL",
                "table=0,priority=1,in_port=10,ip,nw_dst=10.9.0.0/16,actions=set_field:172.30.0.99->tun_dst,output:1",
                "table=0,priority=1,in_port=10,ip,nw_dst=10.8.0.0/16,actions=output:1",
                "table=0,priority=0,in_port=10,actions=LOCAL"};
    };
    return {{"one", {.tunnel_port = 1, .tunnel_address = ip("172.30.0.1"), .flows = flows(1, 2)}},
            {"two", {.tunnel_port = 1, .tunnel_address = ip("172.30.0.2"), .flows = flows(2, 1)}}};
}

TEST(Fabric, a_tunnel_leads_to_the_node_at_its_destination) {
    auto fabric = Fabric::build(two_nodes());
    ASSERT_TRUE(fabric) << fabric.error().message;
    const Place one{.node = "one", .port = 10};
    EXPECT_TRUE(fabric->send(one, tcp("10.0.1.2", "10.0.2.2")).delivered_to({.node = "two", .port = 10}));
    const auto to_host = fabric->send(one, tcp("10.0.1.2", "10.0.2.3"));
    EXPECT_TRUE(to_host.delivered_to({.node = "two", .port = kLocal})) << "its source and option arrive with it";
    EXPECT_EQ(to_host.last_node, "two");
    EXPECT_TRUE(fabric->send(one, tcp("10.0.1.2", "192.0.2.1")).delivered_to({.node = "one", .port = kLocal}));
}

TEST(Fabric, a_tunnel_to_nobody_or_nowhere_delivers_nothing) {
    auto fabric = Fabric::build(two_nodes());
    ASSERT_TRUE(fabric) << fabric.error().message;
    const Place one{.node = "one", .port = 10};
    EXPECT_TRUE(fabric->send(one, tcp("10.0.1.2", "10.9.0.1")).arrivals.empty());
    EXPECT_TRUE(fabric->send(one, tcp("10.0.1.2", "10.8.0.1")).arrivals.empty());
}

TEST(Fabric, errors_name_the_node) {
    auto nodes = two_nodes();
    nodes.at("two").flows.emplace_back("table=0,nonsense");
    const auto fabric = Fabric::build(nodes);
    ASSERT_FALSE(fabric);
    EXPECT_EQ(fabric.error().message.substr(0, 9), "node two:");
}

/// Every packet here has a forged source, and none may arrive anywhere, whatever policies allow.
class Spoofing : public testing::Test {
  protected:
    static constexpr int kClusters = 40;

    void expect_refused(Fabric& fabric, const Place& entry, const Frame& frame, const std::string& what) {
        const auto journey = fabric.send(entry, frame);
        EXPECT_EQ(journey.error, "");
        EXPECT_TRUE(journey.arrivals.empty()) << what << ": " << frame.tuple.text() << "\n" << journey.trace;
        ++sent_;
    }

    int sent_ = 0;
};

TEST_F(Spoofing, a_pods_port_takes_its_own_addresses_only) {
    Random random(seed_of_run());
    for (int i = 0; i < kClusters; ++i) {
        const auto cluster = random_cluster(random);
        auto fabric = compile_fabric(cluster);
        ASSERT_TRUE(fabric) << fabric.error().message;
        AttemptMaker attempts(cluster, random);
        for (int j = 0; j < 40; ++j) {
            const auto attempt = attempts.next();
            if (!attempt || !std::holds_alternative<PodEnd>(attempt->from.who)) continue;
            const auto wire = crossing(cluster, *attempt, Path::Direct, 40000);
            if (wire.entry.port == kLocal) continue;
            auto stolen_mac = wire.request;
            stolen_mac.source_mac.bytes[5] ^= 0x40;
            expect_refused(*fabric, wire.entry, stolen_mac, "another Ethernet address");
            auto stolen_address = wire.request;
            const auto other = attempts.next();
            const auto& victim = other->from.address == attempt->from.address ? other->to.address : other->from.address;
            if (victim.family != attempt->from.address.family || victim == attempt->from.address) continue;
            stolen_address.tuple.source = victim;
            expect_refused(*fabric, wire.entry, stolen_address, "another pod's address");
        }
    }
    EXPECT_GT(sent_, kClusters);
}

TEST_F(Spoofing, nothing_on_the_network_comes_from_a_pod_to_itself) {
    Random random(seed_of_run());
    for (int i = 0; i < kClusters; ++i) {
        const auto cluster = random_cluster(random);
        auto fabric = compile_fabric(cluster);
        ASSERT_TRUE(fabric) << fabric.error().message;
        for (const auto& [name, local] : cluster.locals) {
            for (const auto& attachment : local.attachments) {
                for (const auto& address : attachment.addresses) {
                    auto frame = tcp(address.text(), address.text());
                    frame.destination_mac = flowgen::kRouterMac;
                    frame.source_mac = local.gateway_mac;
                    expect_refused(*fabric, {.node = name, .port = kLocal}, frame, "from the gateway");
                    frame.source_mac = attachment.mac;
                    const Place port{.node = name, .port = static_cast<std::uint16_t>(attachment.ofport)};
                    expect_refused(*fabric, port, frame, "from the pod's port");
                }
            }
        }
    }
    EXPECT_GT(sent_, kClusters);
}

TEST_F(Spoofing, the_tunnel_takes_peers_and_their_own_addresses_only) {
    Random random(seed_of_run());
    for (int i = 0; i < kClusters; ++i) {
        const auto cluster = random_cluster(random);
        auto fabric = compile_fabric(cluster);
        ASSERT_TRUE(fabric) << fabric.error().message;
        AttemptMaker attempts(cluster, random);
        for (int j = 0; j < 40; ++j) {
            const auto attempt = attempts.next();
            if (!attempt || !std::holds_alternative<PodEnd>(attempt->to.who)) continue;
            const auto wire = crossing(cluster, *attempt, Path::Direct, 40000);
            const auto& own = cluster.state.nodes.at(wire.exit.node).addresses.front();
            auto stranger = own;
            stranger.bits += 77;
            for (const auto identity : {U128{0}, U128{2} << 120, U128{8} << 120}) {
                const Encapsulation forged{.source = stranger, .destination = own, .identity = identity};
                const auto journey = fabric->receive_tunnelled(wire.exit.node, wire.request, forged);
                EXPECT_TRUE(journey.arrivals.empty()) << "from a stranger\n" << journey.trace;
            }
            for (const auto& [name, node] : cluster.state.nodes) {
                if (name == wire.exit.node || name == wire.entry.node) continue;
                const Encapsulation forged{
                    .source = node.addresses.front(), .destination = own, .identity = U128{2} << 120};
                const auto journey = fabric->receive_tunnelled(wire.exit.node, wire.request, forged);
                EXPECT_TRUE(journey.arrivals.empty()) << "from " << name << ", whose address it is not\n"
                                                      << journey.trace;
            }
            ++sent_;
        }
    }
    EXPECT_GT(sent_, kClusters);
}

/// A finished pod is ignored, though its sandbox may still be attached.
TEST(FinishedPod, sends_and_receives_nothing) {
    Random random(seed_of_run());
    int sent = 0;
    for (int i = 0; i < 40; ++i) {
        auto cluster = random_cluster(random);
        AttemptMaker attempts(cluster, random);
        const auto attempt = attempts.next();
        if (!attempt || attempt->from == attempt->to) continue;
        const auto wire = crossing(cluster, *attempt, Path::Direct, 40000);
        const auto* sender = std::get_if<PodEnd>(&attempt->from.who);
        const auto& finished = sender ? sender->pod : std::get<PodEnd>(attempt->to.who).pod;
        cluster.state.pods.at(finished).finished = true;
        auto fabric = compile_fabric(cluster);
        ASSERT_TRUE(fabric) << fabric.error().message;
        const auto journey = fabric->send(wire.entry, wire.request);
        EXPECT_TRUE(journey.arrivals.empty()) << finished.text() << " is finished: " << attempt->text() << "\n"
                                              << journey.trace;
        ++sent;
    }
    EXPECT_GT(sent, 10);
}

} // namespace
} // namespace judge
