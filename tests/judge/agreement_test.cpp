// The main property of the generator: for random clusters, random policies and random packets near
// every boundary, the flows in Open vSwitch's own classifier agree with the reference. JUDGE_SEED=N
// replays a run.
#include "tests/judge/agreement.h"
#include "tests/judge/describe.h"
#include "tests/judge/random_attempts.h"
#include "tests/judge/seed.h"
#include "tests/judge/shrink.h"

#include <gtest/gtest.h>

#include <iostream>

namespace judge {
namespace {

constexpr int kAttempts = 30000; ///< in each run
constexpr int kAttemptsPerCluster = 75;
constexpr int kReports = 3; ///< disagreements printed before the run gives up

/// The report of a fault: a smaller cluster that shows it, the packet, both verdicts, the matched
/// flows.
std::string report(const Cluster& cluster, const Attempt& attempt, Path path, std::uint16_t source_port) {
    const auto disagreement_in = [&](const Cluster& candidate) -> std::optional<Disagreement> {
        auto fabric = compile_fabric(candidate);
        if (!fabric) return Disagreement{.what = fabric.error().message, .trace = {}};
        return check(*fabric, candidate, attempt, path, source_port);
    };
    const auto small =
        shrink(cluster, attempt, [&](const Cluster& candidate) { return disagreement_in(candidate).has_value(); });
    const auto disagreement = disagreement_in(small);
    if (!disagreement) return "the disagreement does not show again";
    return attempt.text() + (path == Path::ViaHost ? " via host" : "") + " from port " + std::to_string(source_port) +
           "\n" + disagreement->what + "\n" + disagreement->trace + describe(small, attempt);
}

struct Tally {
    int attempts = 0;
    int allowed = 0;
    int reports = 0;
};

void judge_cluster(Random& random, Tally& tally) {
    auto cluster = random_cluster(random);
    cluster.state.policies = random_policies(cluster, random);
    auto fabric = compile_fabric(cluster);
    if (!fabric) {
        ADD_FAILURE() << fabric.error().message;
        ++tally.reports;
        return;
    }
    AttemptMaker attempts(cluster, random);
    for (int i = 0; i < kAttemptsPerCluster && tally.reports < kReports; ++i) {
        const auto attempt = attempts.next();
        if (!attempt) return;
        const auto path = random.chance(15) ? Path::ViaHost : Path::Direct;
        const auto source_port = static_cast<std::uint16_t>(random.between(33000, 60999));
        ++tally.attempts;
        tally.allowed += judge(cluster.state, *attempt).allowed;
        if (check(*fabric, cluster, *attempt, path, source_port)) {
            ++tally.reports;
            ADD_FAILURE() << report(cluster, *attempt, path, source_port);
        }
    }
}

TEST(Agreement, flows_admit_what_the_api_reference_admits_and_nothing_else) {
    Random random(seed_of_run());
    Tally tally;
    while (tally.attempts < kAttempts && tally.reports < kReports) judge_cluster(random, tally);
    std::cout << tally.attempts << " pairs, " << tally.allowed << " of them allowed\n";
    // A generator whose clusters allow nothing, or everything, would prove nothing.
    if (tally.reports == 0) {
        EXPECT_GT(tally.allowed, tally.attempts / 5);
        EXPECT_LT(tally.allowed, tally.attempts * 9 / 10);
    }
}

} // namespace
} // namespace judge
