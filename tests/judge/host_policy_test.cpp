// The host's share of egress policy: towards a node or the outside, it allows exactly what the
// bridge allows. JUDGE_SEED=N replays a run.
#include "tests/judge/describe.h"
#include "tests/judge/random_attempts.h"
#include "tests/judge/seed.h"

#include <gtest/gtest.h>

#include <iostream>

namespace judge {
namespace {

constexpr int kAttempts = 30000;
constexpr int kAttemptsPerCluster = 75;

bool overlap(const flowgen::AddressRange& a, const flowgen::AddressRange& b) {
    return a.first.family == b.first.family && a.first <= b.last && b.first <= a.last;
}

bool overlap(const flowgen::PortsAt& a, const flowgen::PortsAt& b) {
    return overlap(a.addresses, b.addresses) && a.ports.protocol == b.ports.protocol && a.ports.first <= b.ports.last &&
           b.ports.first <= a.ports.last;
}

template <typename Piece> bool disjoint(const std::vector<Piece>& pieces) {
    for (auto a = pieces.begin(); a != pieces.end(); ++a)
        for (auto b = a + 1; b != pieces.end(); ++b)
            if (overlap(*a, *b)) return false;
    return true;
}

TEST(HostPolicy, allows_a_pod_what_the_api_reference_allows_it_towards_who_is_no_pod) {
    Random random(seed_of_run());
    int attempts = 0;
    int allowed = 0;
    while (attempts < kAttempts) {
        auto cluster = random_cluster(random);
        cluster.state.policies = random_policies(cluster, random);
        std::map<std::string, flowgen::HostPolicy> policies;
        for (const auto& [node, local] : cluster.locals) {
            const auto compiled = flowgen::compile(cluster.state, local, cluster.limits);
            ASSERT_TRUE(compiled) << compiled.error().message;
            policies[node] = compiled->host_policy;
            for (const auto& [destinations, addresses] : compiled->host_policy.isolated) {
                ASSERT_TRUE(disjoint(destinations.any_traffic));
                ASSERT_TRUE(disjoint(destinations.ports));
            }
        }
        AttemptMaker maker(cluster, random);
        for (int i = 0; i < kAttemptsPerCluster; ++i) {
            const auto attempt = maker.next();
            if (!attempt) break;
            ++attempts;
            const auto* const sender = std::get_if<PodEnd>(&attempt->from.who);
            if (sender == nullptr || std::holds_alternative<PodEnd>(attempt->to.who)) continue;
            // No backend of a Service has such an address, so the host's table need not know them.
            if (is_no_address_of_a_network(cluster.state, attempt->to.address)) continue;
            const auto verdict = judge(cluster.state, *attempt);
            allowed += verdict.allowed;
            ASSERT_EQ(allows(policies.at(cluster.state.pods.at(sender->pod).node), attempt->from.address,
                             attempt->to.address, attempt->protocol, attempt->destination_port),
                      verdict.allowed)
                << attempt->text() << ": " << verdict.reason << "\n"
                << describe(cluster, *attempt);
        }
    }
    std::cout << attempts << " attempts, " << allowed << " of them of a pod to an allowed end that is not a pod\n";
    EXPECT_GT(allowed, kAttempts / 20); // or the clusters would prove nothing
}

} // namespace
} // namespace judge
