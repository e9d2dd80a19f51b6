#include "flowgen/compile.h"

#include "flowgen/policy_flows.h"
#include "flowgen/topology.h"

#include <algorithm>

namespace flowgen {
namespace {

/// The families that pods on this node can have: its PodCIDRs', and those of pods attached under earlier ones.
std::vector<ipam::Family> pod_families(const ClusterState& state, const LocalNode& local) {
    std::set<ipam::Family> families;
    if (const auto self = state.nodes.find(local.name); self != state.nodes.end())
        for (const auto& cidr : self->second.pod_cidrs) families.insert(cidr.family());
    for (const auto& attachment : local.attachments)
        for (const auto& address : attachment.addresses) families.insert(address.family);
    return {families.begin(), families.end()};
}

} // namespace

ipam::Result<CompiledFlows> compile(const ClusterState& state, const LocalNode& local, const CompileLimits& limits) {
    const auto index = index_labels(state);
    const auto pods = resolve_attachments(state, local, index);
    const auto families = pod_families(state, local);
    const Topology topology{state, local, pods};
    const PolicyContext policies{state, local.name, index, pods, families};

    FlowStore store;
    compile_pipeline(local, store);
    compile_services(topology, store);
    compile_attachments(topology, store);
    const auto node_warnings = compile_nodes(topology, store);
    compile_policies(policies, limits.conjunctions_per_flow, store);
    compile_egress_precheck(policies, store);
    auto compiled = std::move(store).finish();
    if (!compiled) return compiled;
    compiled->host_policy = host_policy(state, pods);
    compiled->warnings = index.warnings;
    compiled->warnings.insert(compiled->warnings.end(), node_warnings.begin(), node_warnings.end());
    return compiled;
}

} // namespace flowgen
