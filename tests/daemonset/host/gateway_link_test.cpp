// The bridge's own port as the node's gateway, in a kernel's namespace of its own.
#include "daemonset/host/gateway_link.h"

#include "flowgen/flow/pipeline.h"
#include "tests/ovs-cni/private_namespace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ipam::IpAddress address(const char* text) { return ipam::IpAddress::parse(text).value(); }
ipam::Prefix prefix(const char* text) { return ipam::Prefix::parse(text).value(); }

class Gateway : public testing::Test {
  protected:
    void SetUp() override { host.run("ip link add br-int address 0a:00:00:00:00:01 type bridge"); }

    [[nodiscard]] std::vector<std::string> apply() {
        const auto changes = apply_gateway(socket, wanted);
        EXPECT_TRUE(changes) << changes.error().message;
        return changes.value_or(std::vector<std::string>{"failed"});
    }

    /// "DESTINATION via GATEWAY src SOURCE" of each route that is ours.
    [[nodiscard]] std::vector<std::string> routes() const {
        std::vector<std::string> out;
        for (const char* const family : {"-4", "-6"}) {
            for (const auto& route : host.ip(std::string(family) + " route show proto 79"))
                out.push_back(route.at("dst").get<std::string>() + " via " + route.at("gateway").get<std::string>() +
                              " src " + route.at("prefsrc").get<std::string>());
        }
        return out;
    }

    ovs_cni::PrivateNamespace host;
    ovs_cni::netlink::Socket socket = ovs_cni::netlink::Socket::open_in(host.get()).value();
    GatewayLink wanted{"br-int",
                       ipam::MacAddress::parse("0a:00:00:00:00:01").value(),
                       1430,
                       {address("10.244.1.1"), address("fd00:10:244:1::1")},
                       {flowgen::kRouterIpv4, flowgen::kRouterIpv6},
                       flowgen::kRouterMac,
                       {prefix("10.244.1.0/24"), prefix("10.244.2.0/24"), prefix("fd00:10:244:2::/64")}};
};

TEST_F(Gateway, is_set_up_whole_and_then_left_alone) {
    EXPECT_THAT(apply(), testing::SizeIs(9)); // mtu, up, two addresses, two neighbours, three routes
    EXPECT_THAT(routes(), ElementsAre("10.244.1.0/24 via 169.254.1.1 src 10.244.1.1",
                                      "10.244.2.0/24 via 169.254.1.1 src 10.244.1.1",
                                      "fd00:10:244:2::/64 via fe80::1 src fd00:10:244:1::1"));
    EXPECT_THAT(apply(), IsEmpty());
}

TEST_F(Gateway, follows_the_nodes_that_come_and_go) {
    (void)apply();
    wanted.destinations = {prefix("10.244.1.0/24"), prefix("10.244.3.0/24")};
    EXPECT_THAT(apply(),
                testing::UnorderedElementsAre(HasSubstr("route 10.244.3.0/24"), HasSubstr("route 10.244.2.0/24"),
                                              HasSubstr("route fd00:10:244:2::/64")));
    EXPECT_THAT(routes(), ElementsAre("10.244.1.0/24 via 169.254.1.1 src 10.244.1.1",
                                      "10.244.3.0/24 via 169.254.1.1 src 10.244.1.1"));
}

TEST_F(Gateway, puts_right_what_others_changed) {
    (void)apply();
    host.run("ip addr add 192.0.2.1/24 dev br-int; ip addr del 10.244.1.1/32 dev br-int; ip link set br-int mtu 1500; "
             "ip neigh del 169.254.1.1 dev br-int");
    const std::vector<std::string> repairs{"address 192.0.2.1/24 removed", "address 10.244.1.1/32 added",
                                           "mtu 1500 -> 1430", "neighbour 169.254.1.1 set"};
    EXPECT_THAT(apply(), testing::IsSupersetOf(repairs));
    EXPECT_THAT(apply(), IsEmpty());
    EXPECT_EQ(routes().size(), 3U);
}

TEST_F(Gateway, comes_back_after_its_link_was_made_anew) {
    (void)apply();
    host.run("ip link del br-int; ip link add br-int address 0a:00:00:00:00:01 type bridge");
    EXPECT_THAT(apply(), testing::SizeIs(9));
}

TEST_F(Gateway, leaves_routes_of_others_alone) {
    host.run("ip link add other type bridge; ip link set other up; ip addr add 192.0.2.1/24 dev other; "
             "ip route add 198.51.100.0/24 via 192.0.2.2");
    (void)apply();
    wanted.destinations.clear();
    (void)apply();
    EXPECT_THAT(routes(), IsEmpty());
    EXPECT_EQ(host.ip("route show 198.51.100.0/24").size(), 1U);
    ASSERT_TRUE(remove_gateway_routes(socket));
}

TEST_F(Gateway, a_port_that_is_missing_or_has_another_mac_is_named) {
    wanted.mac = ipam::MacAddress::parse("0a:00:00:00:00:02").value();
    EXPECT_THAT(apply_gateway(socket, wanted).error().message,
                HasSubstr("0a:00:00:00:00:01 instead of 0a:00:00:00:00:02"));
    wanted.interface = "br-none";
    EXPECT_THAT(apply_gateway(socket, wanted).error().message, HasSubstr("br-none does not exist"));
}

} // namespace
} // namespace agent
