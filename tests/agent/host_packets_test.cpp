// What the nftables table does to real packets: a host between a pod (behind "br-int") and the outside (the underlay).
#include "daemonset/masquerade.h"
#include "ovs-cni/netlink/network_namespace.h"
#include "tests/plugin/private_namespace.h"

#include <gtest/gtest.h>

#include <chrono>

#include <cstdlib>
#include <string>

namespace agent {
namespace {

using ovs_cni::PrivateNamespace;

ipam::Prefix prefix(const char* text) { return *ipam::Prefix::parse(text); }
ipam::IpAddress address(const char* text) { return *ipam::IpAddress::parse(text); }

class HostPackets : public ::testing::Test {
  protected:
    void SetUp() override {
        // Addresses are usable at once, link-local ones too: nobody else is here to have the same.
        for (const auto* each : {&host_, &pod_, &outside_}) each->run("sysctl -q net.ipv6.conf.default.accept_dad=0");
        // Reverse-path filtering is off, so that what is dropped was dropped by the table; a new namespace inherits it.
        host_.run("sysctl -q net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 "
                  "net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; "
                  "ip link add br-int type veth peer name eth0 netns " +
                  pod_.path() +
                  "; "
                  "ip link add underlay type veth peer name eth0 netns " +
                  outside_.path() +
                  "; "
                  "ip addr add 10.244.1.1/32 dev br-int; ip addr add fd00:10:244:1::1/128 dev br-int nodad; "
                  "ip addr add 172.30.0.1/24 dev underlay; ip addr add fd00:172:30::1/64 dev underlay nodad; "
                  "ip link set lo up; ip link set br-int up; ip link set underlay up; "
                  "ip route add 10.244.1.0/24 dev br-int; ip route add fd00:10:244:1::/64 dev br-int");
        pod_.run(
            "ip addr add 10.244.1.2/24 dev eth0; ip addr add fd00:10:244:1::2/64 dev eth0 nodad; ip link set lo up; "
            "ip link set eth0 up; ip route add default via 10.244.1.1; ip route add default via fd00:10:244:1::1");
        outside_.run(
            "ip addr add 172.30.0.9/24 dev eth0; ip addr add fd00:172:30::9/64 dev eth0 nodad; ip link set lo up; "
            "ip link set eth0 up");
    }

    void install(bool masquerade, const std::vector<ipam::Prefix>& cluster) const {
        const auto inside = ovs_cni::netlink::EnteredNamespace::enter(host_.get());
        ASSERT_TRUE(inside);
        HostRulesTable table;
        const auto installed = table.install({.bridge = "br-int",
                                              .masquerade = masquerade,
                                              .own_pods = {prefix("10.244.1.0/24"), prefix("fd00:10:244:1::/64")},
                                              .cluster = cluster,
                                              .own_addresses = {address("172.30.0.1"), address("fd00:172:30::1")}});
        ASSERT_TRUE(installed) << installed.error().message;
    }

    /// Whether an echo request gets its reply.
    static bool reaches(const PrivateNamespace& from, const std::string& arguments) {
        const auto command = "nsenter --net=" + from.path() + " ping -n -c 1 -W 1 " + arguments + " >/dev/null";
        return std::system(command.c_str()) == 0;
    }

    /// Waits until an honest echo request gets its reply: from then on neighbours are known, and what is lost was
    /// dropped.
    static void settle(const PrivateNamespace& from, const std::string& arguments) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!reaches(from, arguments))
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << arguments << " is never answered";
    }

    /// Echo requests that have arrived in this namespace: IPv4's and IPv6's.
    static long echoes(const PrivateNamespace& at) {
        const auto command =
            "nsenter --net=" + at.path() +
            " sh -c \"awk '/^Icmp: [0-9]/ {n += \\$10} /^Icmp6InEchos / {n += \\$2} END {print n + 0}' "
            "/proc/net/snmp /proc/net/snmp6\"";
        std::FILE* const pipe = popen(command.c_str(), "r");
        long count = -1;
        EXPECT_EQ(std::fscanf(pipe, "%ld", &count), 1);
        pclose(pipe);
        return count;
    }

    PrivateNamespace host_, pod_, outside_;
};

TEST_F(HostPackets, PodsReachTheOutsideWithTheNodesAddress) {
    // The outside knows no way to pods, so only what carries the node's address is answered.
    install(true, {prefix("10.244.0.0/16"), prefix("fd00:10:244::/48")});
    EXPECT_TRUE(reaches(pod_, "172.30.0.9"));
    EXPECT_TRUE(reaches(pod_, "-6 fd00:172:30::9"));
}

TEST_F(HostPackets, WithMasqueradeOffTheyKeepTheirOwn) {
    install(false, {});
    EXPECT_FALSE(reaches(pod_, "172.30.0.9"));
    outside_.run("ip route add 10.244.1.0/24 via 172.30.0.1");
    EXPECT_TRUE(reaches(pod_, "172.30.0.9"));
}

TEST_F(HostPackets, TowardsNodesNothingIsTranslated) {
    install(true, {prefix("10.244.0.0/16"), prefix("172.30.0.9/32"), prefix("fd00:172:30::9/128")});
    EXPECT_FALSE(reaches(pod_, "172.30.0.9"));
    EXPECT_FALSE(reaches(pod_, "-6 fd00:172:30::9"));
    outside_.run("ip route add 10.244.1.0/24 via 172.30.0.1; ip route add fd00:10:244:1::/64 via fd00:172:30::1");
    EXPECT_TRUE(reaches(pod_, "172.30.0.9"));
    EXPECT_TRUE(reaches(pod_, "-6 fd00:172:30::9"));
}

TEST_F(HostPackets, AServiceWhoseBackendIsANodeIsAnsweredThroughThisHost) {
    // The node knows its way to pods, but the answer has to come back to where the Service's address was translated.
    install(false, {prefix("172.30.0.9/32"), prefix("fd00:172:30::9/128")});
    host_.run("nft add table inet services; "
              "nft add chain inet services prerouting { type nat hook prerouting priority dstnat\\; }; "
              "nft add rule inet services prerouting ip daddr 10.96.0.1 dnat ip to 172.30.0.9; "
              "nft add rule inet services prerouting ip6 daddr fd00:10:96::1 dnat ip6 to fd00:172:30::9");
    EXPECT_TRUE(reaches(pod_, "10.96.0.1"));
    EXPECT_TRUE(reaches(pod_, "-6 fd00:10:96::1"));
}

TEST_F(HostPackets, APodsSourceFromTheUnderlayIsDropped) {
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
    EXPECT_EQ(before, 4) << "without the table forged packets arrive, or this test shows nothing";
    install(true, {});
    EXPECT_EQ(forge(), before);
    EXPECT_TRUE(reaches(outside_, "10.244.1.2")) << "an honest source passes";
}

TEST_F(HostPackets, TheNodesOwnSourceFromTheUnderlayIsDropped) {
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
    EXPECT_EQ(before, 1) << "without the table the forged packet arrives, or this test shows nothing";
    install(true, {});
    EXPECT_EQ(forge(), before);
    EXPECT_TRUE(reaches(host_, "-6 fd00:10:244:1::2")) << "the node itself passes";
}

} // namespace
} // namespace agent
