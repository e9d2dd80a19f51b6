// The netlink functions beyond what the verbs exercise: the gateway, the underlay, announcements, kinds of failure.
#include "daemonset/host/gateway_link.h"
#include "flowgen/flow/pipeline.h"
#include "ovs-cni/netlink/change_monitor.h"
#include "ovs-cni/netlink/interface_address.h"
#include "ovs-cni/netlink/link.h"
#include "ovs-cni/netlink/route.h"
#include "ovs-cni/netlink/vanishing_link.h"
#include "tests/ovs-cni/private_namespace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>

namespace ovs_cni::netlink {
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

    PrivateNamespace host;
    Socket socket = Socket::open_in(host.get()).value();
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

class Netlink : public testing::Test {
  protected:
    PrivateNamespace host;
    Socket socket = Socket::open_in(host.get()).value();
};

TEST_F(Netlink, finds_the_link_and_mtu_behind_an_underlay_address) {
    host.run("ip link add eth0 mtu 9000 type bridge; ip link set eth0 up; ip addr add 172.30.0.1/24 dev eth0; "
             "ip addr add fd00::7/64 dev eth0 nodad");
    EXPECT_EQ(link_with(socket, address("172.30.0.1"))->mtu, 9000);
    EXPECT_EQ(link_with(socket, address("fd00::7"))->name, "eth0");
    EXPECT_THAT(link_with(socket, address("172.30.0.2")).error().message, HasSubstr("has the address 172.30.0.2"));
    EXPECT_THAT(*global_addresses(socket), ElementsAre(address("172.30.0.1"), address("fd00::7")));
}

TEST_F(Netlink, a_refused_change_carries_the_kernels_reason) {
    host.run("ip link add eth0 type bridge");
    const auto set = set_link(socket, "eth0", {.mac = {}, .mtu = 100000000, .up = {}});
    ASSERT_FALSE(set);
    EXPECT_THAT(set.error().message, testing::AllOf(HasSubstr("eth0"), HasSubstr("mtu greater than device maximum")));
    EXPECT_THAT(set_link(socket, "none", {.mac = {}, .mtu = {}, .up = true}).error().message,
                HasSubstr("No such device"));
}

TEST_F(Netlink, lists_more_links_and_routes_than_fit_into_one_message) {
    host.run("for i in $(seq 150); do echo link add d$i type bridge; echo link set d$i up; "
             "echo route add 10.9.0.$i/32 dev d$i proto 79; done | ip -batch -");
    EXPECT_EQ(links(socket)->size(), 151U);
    EXPECT_EQ(routes_of_protocol(socket, kRouteProtocol)->size(), 150U);
    const auto over_one = routes_over(socket, find_link(socket, "d7")->value().index);
    EXPECT_EQ(std::ranges::count(*over_one, prefix("10.9.0.7/32"), &Route::destination), 1);
    EXPECT_EQ(std::ranges::count(*over_one, prefix("10.9.0.8/32"), &Route::destination), 0);
}

TEST_F(Netlink, announces_changes_of_links_and_addresses) {
    auto monitor = [&] {
        const auto inside = EnteredNamespace::enter(host.get()).value();
        return ChangeMonitor::open().value();
    }();
    EXPECT_FALSE(monitor.drain());
    for (const char* const change :
         {"ip link add eth0 type bridge", "ip addr add 192.0.2.1/24 dev eth0", "ip link set eth0 up"}) {
        host.run(change);
        pollfd waited{monitor.fd(), POLLIN, 0};
        ASSERT_EQ(poll(&waited, 1, 10000), 1) << change;
        EXPECT_TRUE(monitor.drain()) << change;
        EXPECT_FALSE(monitor.drain());
    }
}

TEST_F(Netlink, a_link_that_was_removed_soon_cannot_be_found_any_more) {
    const auto inside = EnteredNamespace::enter(host.get()).value();
    for (int i = 0; i < 5; ++i) {
        host.run("ip link add vanish type veth peer name other");
        ASSERT_TRUE(delete_link_soon("vanish"));
        EXPECT_EQ(*find_link(socket, "vanish"), std::nullopt);
        EXPECT_EQ(*find_link(socket, "other"), std::nullopt);
    }
    EXPECT_TRUE(delete_link_soon("vanish")) << "an absent link is not an error";
    EXPECT_THAT(delete_link_soon("lo").error().message, HasSubstr("cannot remove the interface lo"));
}

} // namespace
} // namespace ovs_cni::netlink
