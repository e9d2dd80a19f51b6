// The effect of the nftables table on real packets: masquerade, and the guard against forged
// sources.
#include "tests/daemonset/host/host_packets.h"

namespace agent {
namespace {

TEST_F(HostPackets, pods_reach_the_outside_with_the_nodes_address) {
    // The outside has no route to pods, so only packets with the node's address are answered.
    install(true, {prefix("10.244.0.0/16"), prefix("fd00:10:244::/48")});
    EXPECT_TRUE(reaches(pod_, "172.30.0.9"));
    EXPECT_TRUE(reaches(pod_, "-6 fd00:172:30::9"));
}

TEST_F(HostPackets, with_masquerade_off_they_keep_their_own) {
    install(false, {});
    EXPECT_FALSE(reaches(pod_, "172.30.0.9"));
    outside_.run("ip route add 10.244.1.0/24 via 172.30.0.1");
    EXPECT_TRUE(reaches(pod_, "172.30.0.9"));
}

TEST_F(HostPackets, towards_nodes_nothing_is_translated) {
    install(true, {prefix("10.244.0.0/16"), prefix("172.30.0.9/32"), prefix("fd00:172:30::9/128")});
    EXPECT_FALSE(reaches(pod_, "172.30.0.9"));
    EXPECT_FALSE(reaches(pod_, "-6 fd00:172:30::9"));
    outside_.run("ip route add 10.244.1.0/24 via 172.30.0.1; ip route add fd00:10:244:1::/64 via fd00:172:30::1");
    EXPECT_TRUE(reaches(pod_, "172.30.0.9"));
    EXPECT_TRUE(reaches(pod_, "-6 fd00:172:30::9"));
}

TEST_F(HostPackets, a_service_whose_backend_is_a_node_is_answered_through_this_host) {
    // The node has a route to pods, but the answer has to come back to where the Service's address
    // was translated.
    install(false, {prefix("172.30.0.9/32"), prefix("fd00:172:30::9/128")});
    host_.run("nft add table inet services; "
              "nft add chain inet services prerouting { type nat hook prerouting priority dstnat\\; }; "
              "nft add rule inet services prerouting ip daddr 10.96.0.1 dnat ip to 172.30.0.9; "
              "nft add rule inet services prerouting ip6 daddr fd00:10:96::1 dnat ip6 to fd00:172:30::9");
    EXPECT_TRUE(reaches(pod_, "10.96.0.1"));
    EXPECT_TRUE(reaches(pod_, "-6 fd00:10:96::1"));
}

TEST_F(HostPackets, a_pods_source_from_the_underlay_is_dropped) {
    outside_.run("ip addr add 10.244.1.7/32 dev lo; ip addr add fd00:10:244:1::7/128 dev lo; "
                 "ip route add 10.244.1.0/24 via 172.30.0.1; ip route add fd00:10:244:1::/64 via fd00:172:30::1");
    for (const char* known : {"172.30.0.1", "10.244.1.2", "-6 fd00:172:30::1", "-6 fd00:10:244:1::2"})
        settle(outside_, known);
    const auto honest = echoes(pod_) + echoes(host_);
    const auto forge = [&] {
        (void)reaches(outside_, "-I 10.244.1.7 10.244.1.2");
        (void)reaches(outside_, "-I 10.244.1.7 172.30.0.1");
        (void)reaches(outside_, "-6 -I fd00:10:244:1::7 fd00:10:244:1::2");
        (void)reaches(outside_, "-6 -I fd00:10:244:1::7 fd00:172:30::1");
        return echoes(pod_) + echoes(host_) - honest;
    };
    const auto before = forge();
    EXPECT_EQ(before, 4) << "without the table forged packets must arrive, or this test is void";
    install(true, {});
    EXPECT_EQ(forge(), before);
    EXPECT_TRUE(reaches(outside_, "10.244.1.2")) << "a genuine source passes";
}

TEST_F(HostPackets, the_nodes_own_source_from_the_underlay_is_dropped) {
    outside_.run("ip addr add fd00:172:30::1/128 dev lo; ip route add fd00:10:244:1::/64 via fd00:172:30::2; "
                 "ip route add fd00:172:30::2 dev eth0");
    host_.run("ip addr add fd00:172:30::2/128 dev underlay nodad");
    settle(outside_, "-6 fd00:172:30::2");
    settle(outside_, "-6 -I fd00:172:30::9 fd00:10:244:1::2");
    const auto honest = echoes(pod_);
    const auto forge = [&] {
        (void)reaches(outside_, "-6 -I fd00:172:30::1 fd00:10:244:1::2");
        return echoes(pod_) - honest;
    };
    const auto before = forge();
    EXPECT_EQ(before, 1) << "without the table the forged packet must arrive, or this test is void";
    install(true, {});
    EXPECT_EQ(forge(), before);
    EXPECT_TRUE(reaches(host_, "-6 fd00:10:244:1::2")) << "the node itself passes";
}

} // namespace
} // namespace agent
