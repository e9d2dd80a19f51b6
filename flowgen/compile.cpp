#include "flowgen/compile.h"

#include "flowgen/flow/flow_store.h"
#include "flowgen/network/attachment_flows.h"
#include "flowgen/network/node_flows.h"
#include "flowgen/network/pipeline_flows.h"
#include "flowgen/network/service_flows.h"
#include "flowgen/network/special_addresses.h"
#include "flowgen/policy/policy_flows.h"

#include <algorithm>

namespace flowgen {
namespace {

/// The address families that pods on this node can have: those of its PodCIDRs, and those of pods
/// attached under earlier PodCIDRs.
std::vector<ipam::Family> pod_families(const ClusterState& state, const LocalNode& local) {
    std::set<ipam::Family> families;
    if (const auto self = state.nodes.find(local.name); self != state.nodes.end())
        for (const auto& cidr : self->second.pod_cidrs) families.insert(cidr.family());
    for (const auto& attachment : local.attachments)
        for (const auto& address : attachment.addresses) families.insert(address.family);
    return {families.begin(), families.end()};
}

} // namespace

outcome::Result<CompiledFlows> compile(const ClusterState& state, const LocalNode& local, const CompileLimits& limits) {
    const auto index = index_labels(state);
    const auto pods = resolve_attachments(state, local, index);
    const auto families = pod_families(state, local);
    const PolicyContext policies{state, local.name, index, pods, families};

    FlowStore store;
    compile_pipeline(local, store);
    compile_special_addresses(state, local, store);
    compile_services(state.service_cidrs, local, store);
    compile_attachments(pods, store);
    const auto node_warnings = compile_nodes(state.nodes, local, store);
    compile_policies(policies, limits.conjunctions_per_flow, store);
    compile_precheck_rules(policies, store);
    ASSIGN_OR_RETURN(auto finished, std::move(store).finish());
    CompiledFlows compiled{std::move(finished.flows), std::move(finished.owners), index.warnings,
                           host_policy(state, pods)};
    compiled.warnings.insert(compiled.warnings.end(), node_warnings.begin(), node_warnings.end());
    return compiled;
}

} // namespace flowgen
