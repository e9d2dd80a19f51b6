// The netlink functions beyond what the verbs exercise: the underlay, announcements, kinds of failure.
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

ipam::IpAddress address(const char* text) { return ipam::IpAddress::parse(text).value(); }
ipam::Prefix prefix(const char* text) { return ipam::Prefix::parse(text).value(); }

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
