// The cost of encoding flows as flow-mods.
#include "daemonset/switch/openflow/flow_codec.h"
#include "tools/benchmarks/policy_like_flows.h"

#include <benchmark/benchmark.h>

namespace {

void encode(benchmark::State& state) {
    const auto flows = benchmarks::policy_like_flows(10'000);
    agent::Bytes out;
    for (auto round : state) {
        for (const auto& [key, body] : flows) {
            out.clear();
            if (!agent::append_flow_add(out, 1, key, body)) state.SkipWithError("a flow was refused");
            benchmark::DoNotOptimize(out.data());
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(flows.size()));
}
BENCHMARK(encode)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
