// How fast flows get into a switch: our connection and `ovs-ofctl --bundle add-flows` with the same
// flows, in turn.
//
//   install-rate [FLOWS [ROUNDS]]     default 100000 and 5; starts a switch of its own; needs root
#include "tests/daemonset/switch/real_switch.h"
#include "tools/benchmarks/policy_like_flows.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values.at(values.size() / 2);
}

class Race {
  public:
    explicit Race(std::size_t count) : delta_(flowgen::delta({}, benchmarks::policy_like_flows(count))) {
        auto database = agent::must(agent::run(loop_, agent::SwitchDatabase::connect(ovs_.database_socket())));
        agent::must(agent::run(loop_, database->ensure_bridge({"br-int", "netdev", {{2, 0, 0, 0, 0, 1}}, 0})));
        std::ofstream file(file_);
        for (const auto& [key, body] : delta_.added_or_changed) file << flowgen::text(key, body) << "\n";
    }

    double ours() {
        clear();
        auto connection = agent::must(agent::run(loop_, agent::OpenFlowConnection::connect(ovs_.openflow_socket())));
        agent::must(agent::run(loop_, connection->ensure_option_mapping()));
        const auto start = Clock::now();
        agent::must(agent::run(loop_, connection->apply(delta_)));
        return seconds_since(start);
    }

    double theirs() {
        clear();
        const auto start = Clock::now();
        ovs_.ofctl("--bundle add-flows", file_.string());
        return seconds_since(start);
    }

  private:
    void clear() {
        ovs_.ofctl("del-flows");
        const auto installed = ovs_.ofctl("dump-aggregate");
        if (installed.find("flow_count=0") == std::string::npos)
            throw std::runtime_error("the switch kept flows: " + installed);
    }

    boost::asio::io_context loop_;
    agent::RealSwitch ovs_;
    std::filesystem::path file_ = ovs_.folder() / "flows";
    flowgen::FlowDelta delta_;
};

} // namespace

int main(int argc, char** argv) {
    try {
        const std::size_t count = argc > 1 ? std::stoul(argv[1]) : 100'000;
        const int rounds = argc > 2 ? std::stoi(argv[2]) : 5;
        Race race(count);
        std::vector<double> ours;
        std::vector<double> theirs;
        for (int round = 0; round < rounds; ++round) {
            ours.push_back(race.ours());
            theirs.push_back(race.theirs());
            std::printf("round %d: ours %.3f s, ovs-ofctl %.3f s\n", round + 1, ours.back(), theirs.back());
        }
        const auto flows = static_cast<double>(count);
        std::printf("median of %d: ours %.0f flows/s, ovs-ofctl %.0f flows/s, ratio %.2f\n", rounds,
                    flows / median(ours), flows / median(theirs), median(theirs) / median(ours));
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "install-rate: %s\n", exception.what());
        return 1;
    }
}
