// How long single steps with a switch take: a small bundle of flows, a port added and removed.
//
//   switch-latency [ROUNDS [PORTS]]     default 100 rounds, with PORTS (0) other ports; needs root
#include "tests/daemonset/switch/real_switch.h"
#include "tools/benchmarks/policy_like_flows.h"

#include <algorithm>
#include <cstdio>

namespace {

using agent::must;
using agent::RemovalWait;
using Clock = std::chrono::steady_clock;

void print(const char* what, std::vector<double> milliseconds) {
    std::ranges::sort(milliseconds);
    std::printf("%-58s median %7.3f ms, 95%% %7.3f ms\n", what, milliseconds.at(milliseconds.size() / 2),
                milliseconds.at(milliseconds.size() * 95 / 100));
}

class Bench {
  public:
    explicit Bench(int ports) {
        database_ = must(run(agent::SwitchDatabase::connect(ovs_.database_socket())));
        must(run(database_->ensure_bridge({"br-int", "netdev", {{2, 0, 0, 0, 0, 1}}, 0})));
        switch_ = must(run(agent::OpenFlowConnection::connect(ovs_.openflow_socket())));
        ovs_.add_veth("pod", "peer");
        for (int i = 0; i < ports; ++i) {
            const auto name = "other" + std::to_string(i);
            ovs_.add_veth(name, "p" + name);
            must(run(database_->add_port("br-int", request(name))));
        }
    }

    double bundle() {
        const auto flows = flowgen::delta({}, benchmarks::policy_like_flows(5));
        const auto took = timed([&] { must(run(switch_->apply(flows))); });
        flowgen::FlowDelta removal;
        for (const auto& [key, body] : flows.added_or_changed) removal.removed.push_back(key);
        must(run(switch_->apply(removal)));
        return took;
    }

    double add() {
        return timed([&] { must(run(database_->add_port("br-int", request("pod")))); });
    }
    /// The same, but waits for the switch's configuration number instead of the ofport.
    double add_and_settle() {
        return timed([&] {
            must(run(database_->add_port("br-int", request("pod"))));
            must(run(database_->settle()));
        });
    }
    double remove(RemovalWait wait) {
        const auto took = timed([&] { must(run(database_->remove_ports("br-int", {"pod"}, wait))); });
        must(run(database_->settle()));
        return took;
    }

  private:
    template <typename T> T run(boost::asio::awaitable<T> coroutine) { return agent::run(loop_, std::move(coroutine)); }

    template <typename Step> static double timed(const Step& step) {
        const auto start = Clock::now();
        step();
        return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    }

    agent::PortRequest request(const std::string& name) {
        return {name, "", database_->next_ofport(), {}, {{"ovs-cni/container-id", name}}};
    }

    boost::asio::io_context loop_;
    agent::RealSwitch ovs_;
    std::unique_ptr<agent::SwitchDatabase> database_;
    std::unique_ptr<agent::OpenFlowConnection> switch_;
};

} // namespace

int main(int argc, char** argv) {
    try {
        const int rounds = argc > 1 ? std::stoi(argv[1]) : 100;
        Bench bench(argc > 2 ? std::stoi(argv[2]) : 0);
        std::vector<double> bundles;
        std::vector<double> bundles_after_port;
        std::vector<double> added;
        std::vector<double> settled;
        std::vector<double> removed_from_database;
        std::vector<double> removed_from_switch;
        bundles.reserve(static_cast<std::size_t>(rounds));
        for (int round = 0; round < rounds; ++round) bundles.push_back(bench.bundle());
        for (int round = 0; round < rounds; ++round) {
            added.push_back(bench.add());
            bundles_after_port.push_back(bench.bundle());
            removed_from_database.push_back(bench.remove(RemovalWait::Database));
            settled.push_back(bench.add_and_settle());
            removed_from_switch.push_back(bench.remove(RemovalWait::Switch));
        }
        print("bundle of 5 flows, confirmed", bundles);
        print("port added, its ofport known", added);
        print("bundle of 5 flows right after that, confirmed", bundles_after_port);
        print("port added, and the switch settled once more", settled);
        print("port removed from the database", removed_from_database);
        print("port removed, the switch has let go of it", removed_from_switch);
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "switch-latency: %s\n", exception.what());
        return 1;
    }
}
