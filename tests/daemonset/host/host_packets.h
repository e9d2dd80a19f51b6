// A host between a pod (behind "br-int") and the outside (the underlay), each in a network namespace of its own.
#pragma once

#include "daemonset/host/host_rules.h"
#include "ovs-cni/netlink/network_namespace.h"
#include "tests/ovs-cni/private_namespace.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace agent {

class HostPackets : public ::testing::Test {
  protected:
    void SetUp() override {
        // Addresses are usable at once, including link-local ones: they cannot be duplicates here.
        for (const auto* each : {&host_, &pod_, &outside_}) each->run("sysctl -q net.ipv6.conf.default.accept_dad=0");
        // Reverse-path filtering is off, so that only the table drops packets; a new namespace
        // inherits it.
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

    static ipam::Prefix prefix(const char* text) { return *ipam::Prefix::parse(text); }
    static ipam::IpAddress address(const char* text) { return *ipam::IpAddress::parse(text); }

    void install(bool masquerade, const std::vector<ipam::Prefix>& cluster,
                 const flowgen::HostPolicy& policy = {}) const {
        const auto inside = ovs_cni::netlink::EnteredNamespace::enter(host_.get());
        ASSERT_TRUE(inside);
        HostRulesTable table;
        const auto installed = table.install({.bridge = "br-int",
                                              .masquerade = masquerade,
                                              .own_pods = {prefix("10.244.1.0/24"), prefix("fd00:10:244:1::/64")},
                                              .cluster = cluster,
                                              .own_addresses = {address("172.30.0.1"), address("fd00:172:30::1")},
                                              .policy = policy});
        ASSERT_TRUE(installed) << installed.error().message;
    }

    /// Whether an echo request gets its reply.
    static bool reaches(const ovs_cni::PrivateNamespace& from, const std::string& arguments) {
        const auto command = "nsenter --net=" + from.path() + " ping -n -c 1 -W 1 " + arguments + " >/dev/null";
        return std::system(command.c_str()) == 0;
    }

    /// Waits until a valid echo request gets its reply: from then on the neighbours are known, and
    /// a lost packet was dropped.
    static void settle(const ovs_cni::PrivateNamespace& from, const std::string& arguments) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!reaches(from, arguments))
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << arguments << " is never answered";
    }

    /// Echo requests that have arrived in this namespace: of IPv4 and of IPv6.
    static long echoes(const ovs_cni::PrivateNamespace& at) {
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

    ovs_cni::PrivateNamespace host_, pod_, outside_;
};

} // namespace agent
