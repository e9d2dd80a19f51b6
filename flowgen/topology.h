// The flows that make the network: who is attached here, which nodes exist, and the pipeline between the tables.
//
//   LocalPods ──┐
//   Nodes     ──┼─► Classifier, PortSecurity, Routing, Output, …  (policy is policy_flows.h)
//   pipeline  ──┘
#pragma once

#include "flowgen/flow_store.h"
#include "flowgen/local_pod.h"

#include <optional>
#include <set>

namespace flowgen {

/// What the topology's compilers read.
struct Topology {
    const ClusterState& state;
    const LocalNode& local;
    const std::vector<LocalPod>& pods;
};

/// The first usable address of a PodCIDR, which its node's gateway has.
[[nodiscard]] IpAddress gateway_address(const Prefix& pod_cidr);

/// Every address by which a node is known: its Node object's and its gateways'.
[[nodiscard]] std::set<IpAddress> node_addresses(const Node& node);

/// The address that tunnels to this node end at: its first one of `family`.
[[nodiscard]] std::optional<IpAddress> tunnel_endpoint(const Node& node, ipam::Family family);

/// Flows that are the same on every node and for every cluster, but for the numbers of its gateway and tunnel ports.
void compile_pipeline(const LocalNode& local, FlowStore& store);
/// Flows of the service ranges; none where the cluster's state names none.
void compile_services(const Topology& topology, FlowStore& store);
/// Flows of this node's attachments.
void compile_attachments(const Topology& topology, FlowStore& store);
/// Flows of this node's own host, and one small set for each other node, however many pods run there.
/// Returns what the nodes claim against each other, one line each; it is left to this node, then to the first by name.
[[nodiscard]] std::vector<std::string> compile_nodes(const Topology& topology, FlowStore& store);

} // namespace flowgen
