// How long the egress policy of local pods takes to reach nftables: 110 pods, each with the given
// number of rules of two blocks and two port ranges, all different (the worst case) or of ten
// kinds. Runs in its own network namespace; needs root.
#include "daemonset/host/host_rules.h"
#include "flowgen/compile.h"

#include <benchmark/benchmark.h>

#include <sched.h>

#include <cstdlib>
#include <iostream>

namespace {

using ipam::Family;

constexpr int kPods = 110;

flowgen::NetworkPolicy policy(int kind, int rules) {
    flowgen::NetworkPolicy out;
    out.id = {"shop", "kind-" + std::to_string(kind)};
    out.pod_selector.match_labels["kind"] = std::to_string(kind);
    out.policy_types = {flowgen::Direction::Egress};
    const auto block = [&](std::uint32_t network, int length) {
        return flowgen::PolicyPeer{.pod_selector = {},
                                   .namespace_selector = {},
                                   .ip_block = flowgen::IpBlock{{{Family::IPv4, network}, length}, {}}};
    };
    for (int rule = 0; rule < rules; ++rule) {
        const auto third = static_cast<std::uint32_t>(rule) << 8;
        const auto second = static_cast<std::uint32_t>(kind) << 16;
        const auto first = static_cast<std::uint16_t>(1000 + rule);
        out.egress.push_back(
            {.peers = {block(0x0a000000U + second + third, 24), block(0xc0000000U + second + third, 28)},
             .ports = {{flowgen::Protocol::TCP, std::uint16_t{443}, std::nullopt},
                       {flowgen::Protocol::TCP, first, static_cast<std::uint16_t>(first + 100)}}});
    }
    return out;
}

struct Node {
    flowgen::ClusterState state;
    flowgen::LocalNode local;

    Node(int kinds, int rules) {
        state.nodes["node1"] = {
            "node1", {*ipam::Prefix::parse("10.244.1.0/24")}, {*ipam::IpAddress::parse("172.30.0.1")}};
        local.name = "node1";
        local.tunnel_ofport = 1;
        for (int kind = 0; kind < kinds; ++kind) {
            auto made = policy(kind, rules);
            state.policies[made.id] = std::move(made);
        }
        for (int pod = 0; pod < kPods; ++pod) add_pod(pod, kinds);
    }

    void add_pod(int number, int kinds) {
        flowgen::Pod pod;
        pod.id = {"shop", "pod-" + std::to_string(number)};
        pod.labels["kind"] = std::to_string(number % kinds);
        pod.node = "node1";
        flowgen::Attachment attachment;
        attachment.container_id = pod.id.name;
        attachment.pod = pod.id;
        attachment.ofport = static_cast<std::uint32_t>(10 + number);
        attachment.addresses = {{Family::IPv4, 0x0af40102U + static_cast<std::uint32_t>(number)}};
        local.attachments.push_back(attachment);
        state.pods[pod.id] = std::move(pod);
    }

    [[nodiscard]] agent::HostRules rules() const {
        agent::HostRules out;
        out.bridge = "br-int";
        out.policy = flowgen::compile(state, local)->host_policy;
        return out;
    }
};

void must(const outcome::Result<bool>& done) {
    if (done) return;
    std::cerr << done.error().message << "\n";
    std::exit(1);
}

void replace_whole(benchmark::State& state) {
    const Node node(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
    const auto rules = node.rules();
    for (auto round : state) {
        agent::HostRulesTable table;
        must(table.install(rules));
    }
    std::size_t pieces = 0;
    for (const auto& [destinations, addresses] : rules.policy.isolated) pieces += destinations.ports.size();
    state.counters["elements"] = static_cast<double>(pieces);
}

void add_and_remove_one_pod(benchmark::State& state) {
    const int kinds = static_cast<int>(state.range(0));
    Node node(kinds, static_cast<int>(state.range(1)));
    const auto without = node.rules();
    node.add_pod(kPods, kinds);
    const auto with = node.rules();
    agent::HostRulesTable table;
    must(table.install(without));
    for (auto round : state) {
        must(table.install(with));
        must(table.install(without));
    }
}

void sizes(benchmark::internal::Benchmark* benchmark) {
    for (const int kinds : {10, kPods})
        for (const int rules : {3, 100}) benchmark->Args({kinds, rules});
    benchmark->ArgNames({"kinds", "rules"})->Unit(benchmark::kMillisecond)->UseRealTime();
}
BENCHMARK(replace_whole)->Apply(sizes);
BENCHMARK(add_and_remove_one_pod)->Apply(sizes);

} // namespace

int main(int argc, char** argv) {
    if (unshare(CLONE_NEWNET) != 0) {
        std::cerr << "host-rules-benchmark: run it as root\n";
        return 1;
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
