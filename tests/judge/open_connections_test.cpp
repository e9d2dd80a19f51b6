// Policies that change while connections are open: traffic that is no longer allowed stops in both
// directions, and traffic that is allowed again resumes. JUDGE_SEED=N replays a run.
#include "tests/judge/agreement.h"
#include "tests/judge/describe.h"
#include "tests/judge/random_attempts.h"
#include "tests/judge/seed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace judge {
namespace {

constexpr int kClusters = 60;
constexpr int kConnections = 60; ///< tried in each cluster

class OpenConnections {
  public:
    OpenConnections(Cluster cluster, Random& random) : cluster_(std::move(cluster)), random_(random) {}

    /// Installs these policies, sends a request and a reply on every connection, and returns the
    /// deviations.
    [[nodiscard]] std::string under(const std::map<flowgen::ObjectName, flowgen::NetworkPolicy>& policies);
    [[nodiscard]] int cut() const { return cut_; }

  private:
    struct Open {
        Attempt attempt;
        Crossing crossing;
        bool admitted = false; ///< under some earlier policies
    };

    void draw_connections();
    [[nodiscard]] std::string exchange(Open& open);
    [[nodiscard]] std::string complaint(const std::string& what, const Open& open, const Journey& journey) const;

    Cluster cluster_;
    Random& random_;
    std::optional<Fabric> fabric_;
    std::vector<Open> connections_;
    int cut_ = 0; ///< connections that were open and are no longer allowed
};

void OpenConnections::draw_connections() {
    AttemptMaker attempts(cluster_, random_);
    for (int i = 0; i < kConnections; ++i) {
        const auto attempt = attempts.next();
        if (!attempt) return;
        if (!has_ports(attempt->protocol)) continue; // without ports, two attempts would be one connection
        const auto source_port = static_cast<std::uint16_t>(50000 + i);
        connections_.push_back(
            {.attempt = *attempt, .crossing = crossing(cluster_, *attempt, Path::Direct, source_port)});
    }
}

std::string OpenConnections::complaint(const std::string& what, const Open& open, const Journey& journey) const {
    return open.attempt.text() + "\n" + what + "\n" + journey.trace + describe(cluster_, open.attempt);
}

std::string OpenConnections::exchange(Open& open) {
    const auto& wire = open.crossing;
    const bool allowed = judge(cluster_.state, open.attempt).allowed;
    auto frame = wire.request;
    frame.opening &= !open.admitted;
    const auto request = fabric_->send(wire.entry, frame);
    if (allowed != request.delivered_to(wire.exit)) {
        return complaint(allowed ? "request is dropped, but allowed" : "request passes, but is denied", open, request);
    }
    if (!allowed && !open.admitted) return ""; // the other direction is an attempt of its own, judged elsewhere
    cut_ += !allowed;
    open.admitted = true;
    // Of a connection that is cut, no packet is a reply: what its receiver sends meets policy.
    const Attempt reversed{.from = open.attempt.to,
                           .to = open.attempt.from,
                           .protocol = open.attempt.protocol,
                           .destination_port = wire.request.tuple.source_port};
    const bool passes = allowed || judge(cluster_.state, reversed).allowed;
    const auto reply = fabric_->send(wire.exit, wire.reply());
    if (passes != reply.delivered_to(wire.entry)) {
        return complaint(passes ? "reply is dropped, but allowed" : "reply passes after its connection was cut", open,
                         reply);
    }
    return "";
}

std::string OpenConnections::under(const std::map<flowgen::ObjectName, flowgen::NetworkPolicy>& policies) {
    cluster_.state.policies = policies;
    const auto nodes = compile_nodes(cluster_);
    if (!nodes) return nodes.error().message;
    if (!fabric_) {
        auto fabric = Fabric::build(*nodes);
        if (!fabric) return fabric.error().message;
        fabric_ = std::move(*fabric);
        draw_connections();
    } else if (const auto reloaded = fabric_->reload(*nodes); !reloaded) {
        return reloaded.error().message;
    }
    for (auto& open : connections_) {
        if (auto wrong = exchange(open); !wrong.empty()) return wrong;
    }
    return "";
}

TEST(OpenConnections, follow_every_change_of_policy) {
    Random random(seed_of_run());
    int cut = 0;
    for (int i = 0; i < kClusters; ++i) {
        const auto cluster = random_cluster(random);
        const auto before = random_policies(cluster, random);
        const auto after = random_policies(cluster, random);
        OpenConnections connections(cluster, random);
        ASSERT_EQ(connections.under(before), "");
        ASSERT_EQ(connections.under(after), "") << "after policies changed";
        ASSERT_EQ(connections.under(before), "") << "after policies changed back";
        ASSERT_EQ(connections.under({}), "") << "after all policies were deleted";
        cut += connections.cut();
    }
    std::cout << cut << " connections were cut\n";
    EXPECT_GT(cut, kClusters) << "the run proves little";
}

} // namespace
} // namespace judge
