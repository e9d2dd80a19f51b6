// Egress policy for the host, piece by piece.
#include "flowgen/policy/host_policy.h"
#include "tests/flowgen/example_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowgen::example {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// One pod, 10.244.1.10, under one policy with these egress rules.
struct Isolated : Cluster {
    explicit Isolated(std::vector<PolicyRule> egress) {
        add_local_pod("shop", "web", "web");
        isolate("web", std::move(egress));
    }

    void isolate(const char* app, std::vector<PolicyRule> egress) {
        const ObjectName id{"shop", std::string("policy-of-") + app};
        state.policies[id] = NetworkPolicy{id, labelled(app), {Direction::Egress}, {}, std::move(egress)};
    }

    [[nodiscard]] Destinations destinations() const {
        const auto policy = compile().host_policy;
        EXPECT_THAT(policy.isolated, SizeIs(1));
        return policy.isolated.begin()->first;
    }
};

AddressRange range(const char* first, const char* last) { return {address(first), address(last)}; }
PortsAt ports(AddressRange addresses, Protocol protocol, std::uint16_t first, std::uint16_t last) {
    return {addresses, {protocol, first, last}};
}

TEST(HostPolicy, a_pod_that_is_not_isolated_is_not_in_it) {
    Isolated cluster({});
    cluster.add_local_pod("shop", "db", "db");
    const auto policy = cluster.compile().host_policy;
    ASSERT_THAT(policy.isolated, SizeIs(1));
    EXPECT_THAT(policy.isolated.begin()->second, ElementsAre(address("10.244.1.10")));
}

TEST(HostPolicy, rules_about_pods_and_port_names_allow_nothing) {
    const PolicyPort named{Protocol::TCP, "http", std::nullopt};
    const Isolated cluster({{{pods("db"), namespaces({})}, {}}, {{block("172.30.0.0/24")}, {named}}, {{}, {named}}});
    EXPECT_THAT(cluster.destinations().any_traffic, IsEmpty());
    EXPECT_THAT(cluster.destinations().ports, IsEmpty());
}

TEST(HostPolicy, a_rule_without_peers_means_every_address_of_both_families) {
    const Isolated cluster({{{}, {tcp(443)}}});
    EXPECT_THAT(cluster.destinations().ports,
                ElementsAre(ports(range("0.0.0.0", "255.255.255.255"), Protocol::TCP, 443, 443),
                            ports(range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), Protocol::TCP, 443, 443)));
}

TEST(HostPolicy, except_is_cut_out) {
    const Isolated cluster({{{block("172.30.0.0/30", {prefix("172.30.0.1/32")})}, {}}});
    EXPECT_THAT(cluster.destinations().any_traffic,
                ElementsAre(range("172.30.0.0", "172.30.0.0"), range("172.30.0.2", "172.30.0.3")));
}

TEST(HostPolicy, where_blocks_overlap_their_ports_are_united) {
    const PolicyPort range_of_ports{Protocol::TCP, std::uint16_t{444}, std::uint16_t{500}};
    const PolicyPort all_udp{Protocol::UDP, std::monostate{}, std::nullopt};
    const Isolated cluster({{{block("10.0.0.0/8")}, {tcp(443)}},
                            {{block("10.1.0.0/16")}, {range_of_ports, all_udp}},
                            {{block("10.1.255.255/32")}, {}}});
    EXPECT_THAT(cluster.destinations().any_traffic, ElementsAre(range("10.1.255.255", "10.1.255.255")));
    EXPECT_THAT(cluster.destinations().ports,
                ElementsAre(ports(range("10.0.0.0", "10.0.255.255"), Protocol::TCP, 443, 443),
                            ports(range("10.1.0.0", "10.1.255.254"), Protocol::TCP, 443, 500),
                            ports(range("10.1.0.0", "10.1.255.254"), Protocol::UDP, 0, 65535),
                            ports(range("10.2.0.0", "10.255.255.255"), Protocol::TCP, 443, 443)));
}

TEST(HostPolicy, pods_that_may_reach_the_same_share_an_entry) {
    Isolated cluster({{{block("10.0.0.0/9"), block("10.128.0.0/9")}, {}}});
    cluster.add_local_pod("shop", "db", "db");
    cluster.isolate("db", {{{block("10.0.0.0/8")}, {}}});
    const auto policy = cluster.compile().host_policy;
    ASSERT_THAT(policy.isolated, SizeIs(1));
    EXPECT_THAT(policy.isolated.begin()->second, ElementsAre(address("10.244.1.10"), address("10.244.1.11")));
}

} // namespace
} // namespace flowgen::example
