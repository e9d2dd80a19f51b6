// How long a compile and a delta take, by the number of namespaces (ten label sets and ten policies in each).
#include "flowgen/compile.h"
#include "tools/benchmarks/synthetic_cluster.h"

#include <benchmark/benchmark.h>

namespace {

void compile_whole_node(benchmark::State& state) {
    const auto cluster = benchmarks::synthetic_cluster(static_cast<int>(state.range(0)));
    std::size_t flows = 0;
    for (auto round : state) {
        auto compiled = flowgen::compile(cluster.state, cluster.local);
        flows = compiled->flows.size();
        benchmark::DoNotOptimize(compiled);
    }
    state.counters["flows"] = static_cast<double>(flows);
    state.counters["policies"] = static_cast<double>(cluster.state.policies.size());
}
BENCHMARK(compile_whole_node)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

void delta_of_one_policy(benchmark::State& state) {
    auto cluster = benchmarks::synthetic_cluster(static_cast<int>(state.range(0)));
    const auto before = flowgen::compile(cluster.state, cluster.local)->flows;
    cluster.state.policies.erase(cluster.state.policies.begin());
    const auto after = flowgen::compile(cluster.state, cluster.local)->flows;
    for (auto round : state) benchmark::DoNotOptimize(flowgen::delta(before, after));
}
BENCHMARK(delta_of_one_policy)->Arg(10)->Arg(1000)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
