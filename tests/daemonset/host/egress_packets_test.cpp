// Egress policy on real datagrams that the host has translated, as kube-proxy does: a Service whose backend is outside,
// or the host itself.
#include "tests/daemonset/host/host_packets.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ostream>

namespace agent {
namespace {

constexpr int kPatienceMs = 10000;
constexpr int kSilenceMs = 300; ///< enough for a datagram to arrive, on one machine

sockaddr_storage endpoint(const char* address, std::uint16_t port) {
    sockaddr_storage storage{};
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        v4.sin_family = AF_INET;
    else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        v6.sin6_family = AF_INET6;
    v4.sin_port = htons(port); // at the same place in both
    return storage;
}

/// A datagram socket in a network namespace.
class Datagrams {
  public:
    Datagrams(const ovs_cni::PrivateNamespace& where, const char* address, std::uint16_t port) {
        const auto inside = ovs_cni::netlink::EnteredNamespace::enter(where.get());
        const auto own = endpoint(address, port);
        fd_ = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0) << address << ": " << errno;
    }
    Datagrams(const Datagrams&) = delete;
    Datagrams& operator=(const Datagrams&) = delete;
    ~Datagrams() { close(fd_); }

    void connect_to(const char* address, std::uint16_t port) {
        peer_ = endpoint(address, port);
        EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&peer_), sizeof peer_), 0);
    }
    /// Sends to the connected peer, or to the last sender heard.
    void say() const { (void)sendto(fd_, "x", 1, 0, reinterpret_cast<const sockaddr*>(&peer_), sizeof peer_); }
    /// Whether a datagram arrives, or an ICMP error about an earlier one.
    bool hears(int patience_ms) {
        pollfd waiting{fd_, POLLIN, 0};
        if (poll(&waiting, 1, patience_ms) != 1) return false;
        std::array<char, 16> buffer{};
        socklen_t size = sizeof peer_;
        refused_ = recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&peer_), &size) < 0 &&
                   errno == ECONNREFUSED;
        return true;
    }
    [[nodiscard]] bool refused() const { return refused_; }

  private:
    int fd_ = -1;
    sockaddr_storage peer_{};
    bool refused_ = false;
};

struct Addresses {
    const char* pod;
    const char* host;
    const char* outside;
    const char* service_outside; ///< port 53 is the outside's port 5353
    const char* service_host;    ///< port 53 is the host's port 5353
    const char* service_unserved;
};
std::ostream& operator<<(std::ostream& out, const Addresses& addresses) { return out << addresses.pod; }

constexpr Addresses kIpv4{"10.244.1.2", "172.30.0.1", "172.30.0.9", "10.96.0.1", "10.96.0.2", "10.96.0.9"};
constexpr Addresses kIpv6{"fd00:10:244:1::2", "fd00:172:30::1", "fd00:172:30::9",
                          "fd00:10:96::1",    "fd00:10:96::2",  "fd00:10:96::9"};

class EgressPackets : public HostPackets, public ::testing::WithParamInterface<Addresses> {
  protected:
    void SetUp() override {
        HostPackets::SetUp();
        // Packets that no translation matches go to the outside, which also has that address.
        host_.run("ip route add 10.96.0.0/16 via 172.30.0.9; ip route add fd00:10:96::/112 via fd00:172:30::9; "
                  "sysctl -q net.ipv4.conf.all.send_redirects=0");
        outside_.run("ip addr add 10.96.0.9/32 dev lo; ip addr add fd00:10:96::9/128 dev lo nodad; "
                     "ip route add 10.244.1.0/24 via 172.30.0.1; ip route add fd00:10:244:1::/64 via fd00:172:30::1");
        const auto inside = ovs_cni::netlink::EnteredNamespace::enter(host_.get());
        std::string rules = "table inet proxy {\nchain services {\ntype nat hook prerouting priority dstnat;\n";
        for (const auto& [header, of] : {std::pair{"ip", kIpv4}, std::pair{"ip6", kIpv6}})
            for (const auto& [service, backend] :
                 {std::pair{of.service_outside, of.outside}, std::pair{of.service_host, of.host}})
                rules += fmt_rule(header, service, backend);
        const auto done = run_nftables(rules + "}\n}\n");
        ASSERT_TRUE(done) << done.error().message;
        settle(pod_, GetParam().outside);
        settle(pod_, GetParam().host);
    }

    static std::string fmt_rule(const std::string& header, const std::string& service, const std::string& backend) {
        const auto to = header == "ip" ? backend : "[" + backend + "]";
        return header + " daddr " + service + " udp dport 53 dnat " + header + " to " + to + ":5353\n";
    }

    [[nodiscard]] static flowgen::HostPolicy isolated(const flowgen::Destinations& destinations) {
        return {.isolated = {{destinations, {address(GetParam().pod)}}},
                .service_ranges = {prefix("10.96.0.0/16"), prefix("fd00:10:96::/112")}};
    }
    [[nodiscard]] static flowgen::Destinations only(const char* destination, std::uint16_t port) {
        return {.any_traffic = {},
                .ports = {{{address(destination), address(destination)}, {flowgen::Protocol::UDP, port, port}}}};
    }
    void enforce(const flowgen::HostPolicy& policy) const { install(false, {}, policy); }

    /// A request of the pod to a Service, and the answer of the backend `server`.
    static bool asks(Datagrams& client, Datagrams& server) {
        client.say();
        if (!server.hears(kPatienceMs)) return false;
        server.say();
        return client.hears(kPatienceMs);
    }
    static bool asks_in_vain(Datagrams& client, Datagrams& server) {
        client.say();
        return !server.hears(kSilenceMs);
    }
};

TEST_P(EgressPackets,
       an_isolated_pod_reaches_a_backend_outside_only_where_its_policy_allows_the_backends_address_and_port) {
    Datagrams server(outside_, GetParam().outside, 5353);
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().service_outside, 53);
    enforce(isolated(only(GetParam().outside, 53)));
    EXPECT_TRUE(asks_in_vain(client, server)) << "the Service's port is not the backend's";
    enforce(isolated(only(GetParam().host, 5353)));
    EXPECT_TRUE(asks_in_vain(client, server)) << "the host is another backend";
    enforce(isolated(only(GetParam().outside, 5353)));
    EXPECT_TRUE(asks(client, server));
    enforce(isolated({.any_traffic = {{address(GetParam().outside), address(GetParam().outside)}}, .ports = {}}));
    EXPECT_TRUE(asks(client, server));
}

TEST_P(EgressPackets, and_the_host_as_a_backend_likewise) {
    Datagrams server(host_, GetParam().host, 5353);
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().service_host, 53);
    enforce(isolated(only(GetParam().outside, 5353)));
    EXPECT_TRUE(asks_in_vain(client, server));
    enforce(isolated(only(GetParam().host, 5353)));
    EXPECT_TRUE(asks(client, server));
    enforce(isolated({}));
    EXPECT_TRUE(asks_in_vain(client, server));
    server.say();
    EXPECT_FALSE(client.hears(kSilenceMs)) << "an answer to a request that is no longer allowed";
}

TEST_P(EgressPackets, a_stricter_policy_cuts_what_is_open_both_ways_and_a_wider_one_opens_it_again) {
    Datagrams server(outside_, GetParam().outside, 5353);
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().service_outside, 53);
    enforce({});
    ASSERT_TRUE(asks(client, server));
    enforce(isolated({}));
    EXPECT_TRUE(asks_in_vain(client, server));
    server.say();
    EXPECT_FALSE(client.hears(kSilenceMs));
    enforce(isolated(only(GetParam().outside, 5353)));
    EXPECT_TRUE(asks(client, server));
}

TEST_P(EgressPackets, a_pod_that_is_not_isolated_is_not_concerned) {
    Datagrams server(outside_, GetParam().outside, 5353);
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().service_outside, 53);
    auto policy = isolated({});
    policy.isolated.begin()->second = {address("10.244.1.3"), address("fd00:10:244:1::3")};
    enforce(policy);
    EXPECT_TRUE(asks(client, server));
}

TEST_P(EgressPackets, errors_of_an_allowed_connection_come_back) {
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().service_outside, 53);
    enforce(isolated(only(GetParam().outside, 5353)));
    client.say(); // without a listener
    ASSERT_TRUE(client.hears(kPatienceMs));
    EXPECT_TRUE(client.refused());
}

TEST_P(EgressPackets, a_service_address_that_nobody_translates_is_judged_as_it_is) {
    Datagrams server(outside_, GetParam().service_unserved, 53);
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().service_unserved, 53);
    enforce({});
    ASSERT_TRUE(asks(client, server)) << "without policy it must arrive, or this test is void";
    enforce(isolated(only(GetParam().outside, 53)));
    EXPECT_TRUE(asks_in_vain(client, server));
    enforce(isolated(only(GetParam().service_unserved, 53)));
    EXPECT_TRUE(asks(client, server));
}

TEST_P(EgressPackets, what_was_not_translated_is_the_bridges_to_judge) {
    Datagrams server(outside_, GetParam().outside, 5353);
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().outside, 5353);
    enforce(isolated({}));
    EXPECT_TRUE(asks(client, server));
}

TEST_P(EgressPackets, what_goes_back_into_the_bridge_is_the_bridges_to_judge) {
    // The other pod is in the same namespace, so it gets a packet with an address of its own as the source.
    pod_.run(
        "ip addr add 10.244.1.3/32 dev eth0; ip addr add fd00:10:244:1::3/128 dev eth0 nodad; "
        "sysctl -q net.ipv4.conf.eth0.accept_local=1 net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.all.rp_filter=0");
    const bool v4 = std::string(GetParam().pod) == kIpv4.pod;
    const auto* const backend = v4 ? "10.244.1.3" : "fd00:10:244:1::3";
    {
        const auto inside = ovs_cni::netlink::EnteredNamespace::enter(host_.get());
        const auto rule = fmt_rule(v4 ? "ip" : "ip6", GetParam().service_unserved, backend);
        ASSERT_TRUE(run_nftables("insert rule inet proxy services " + rule));
    }
    Datagrams server(pod_, backend, 5353);
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().service_unserved, 53);
    enforce(isolated({}));
    client.say();
    EXPECT_TRUE(server.hears(kPatienceMs));
}

TEST_P(EgressPackets, what_was_translated_to_another_node_has_this_nodes_address_whatever_the_setting) {
    outside_.run(
        "ip route del 10.244.1.0/24; ip route del fd00:10:244:1::/64"); // as if the routes led to its own bridge
    Datagrams server(outside_, GetParam().outside, 5353);
    Datagrams client(pod_, GetParam().pod, 40000);
    client.connect_to(GetParam().service_outside, 53);
    for (const bool masquerade : {false, true}) {
        install(masquerade, {prefix("172.30.0.9/32"), prefix("fd00:172:30::9/128")});
        EXPECT_TRUE(asks(client, server));
    }
}

INSTANTIATE_TEST_SUITE_P(OverBothFamilies, EgressPackets, ::testing::Values(kIpv4, kIpv6),
                         [](const auto& test) { return test.index == 0 ? "IPv4" : "IPv6"; });

} // namespace
} // namespace agent
