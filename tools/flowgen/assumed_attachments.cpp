#include "tools/flowgen/assumed_attachments.h"

#include "flowgen/state/identity.h"
#include "ipam/allocator.h"
#include "words/list.h"

#include <algorithm>
#include <ranges>
#include <set>

namespace flowgen_program {
namespace {

using flowgen::Attachment;
using flowgen::ClusterState;
using flowgen::Node;
using flowgen::Pod;
using ipam::IpAddress;
using ipam::Prefix;

constexpr std::uint32_t kTunnelPort = 1;
constexpr std::uint32_t kFirstPodPort = 2;

ipam::MacAddress mac_for(const std::string& what) {
    const auto bits = flowgen::truncated_sha256(what, 40);
    ipam::MacAddress mac{{0x0a, 0, 0, 0, 0, 0}};
    for (int i = 1; i < 6; ++i) mac.bytes.at(i) = static_cast<std::uint8_t>(bits >> (8 * (5 - i)));
    return mac;
}

outcome::Result<void> assume_node(AssumedCluster& cluster, const std::string& name) {
    auto& nodes = cluster.state.nodes;
    if (nodes.empty()) {
        nodes[name] = Node{name, {*Prefix::parse("10.244.0.0/24")}, {*IpAddress::parse("172.30.0.1")}};
        cluster.assumptions.push_back("no Node objects: " + name +
                                      " is the only node, PodCIDR 10.244.0.0/24, at 172.30.0.1");
    }
    if (nodes.contains(name)) return {};
    return outcome::fail("the manifests have no Node " + name + "; they have " + words::join(nodes | std::views::keys));
}

/// Pods that the workloads' controllers would create, unless a pod with the first one's name exists
/// already.
void assume_replicas(AssumedCluster& cluster) {
    for (const auto& [key, workload] : cluster.state.workloads) {
        if (workload.kind == "CronJob") continue;
        int made = 0;
        const bool on_each_node = workload.kind == "DaemonSet";
        const auto add = [&](const std::string& suffix, const std::string& node) {
            Pod pod = workload.pod_template;
            pod.id = {workload.id.namespace_, workload.id.name + "-" + suffix};
            if (!node.empty()) pod.node = node;
            made += cluster.state.pods.try_emplace(pod.id, pod).second ? 1 : 0;
        };
        if (on_each_node)
            for (const auto& [node, value] : cluster.state.nodes) add(node, node);
        else
            for (int i = 0; i < workload.replicas; ++i) add(std::to_string(i), "");
        if (made > 0)
            cluster.assumptions.push_back(workload.kind + " " + workload.id.text() + ": " + std::to_string(made) +
                                          " pods");
    }
}

void assume_placement(AssumedCluster& cluster) {
    std::vector<std::string> nodes;
    for (const auto& [name, node] : cluster.state.nodes) nodes.push_back(name);
    std::size_t next = 0;
    for (auto& [id, pod] : cluster.state.pods)
        if (pod.node.empty()) pod.node = nodes.at(next++ % nodes.size());
}

outcome::Result<void> assume_addresses(AssumedCluster& cluster, const Node& node) {
    std::set<IpAddress> used;
    for (const auto& cidr : node.pod_cidrs) used.insert(ipam::gateway_address(cidr));
    for (const auto& [id, pod] : cluster.state.pods) used.insert(pod.addresses.begin(), pod.addresses.end());
    for (auto& [id, pod] : cluster.state.pods) {
        if (pod.node != node.name || pod.host_network || pod.finished || !pod.addresses.empty()) continue;
        for (const auto& cidr : node.pod_cidrs) {
            IpAddress address = ipam::gateway_address(cidr);
            while (used.contains(address) && cidr.contains(address)) ++address.bits;
            if (!cidr.contains(address) || address == cidr.last())
                return outcome::fail("node " + node.name + " has more pods than " + cidr.text() +
                                     " has addresses; the first too many is " + id.text());
            used.insert(address);
            pod.addresses.push_back(address);
        }
    }
    return {};
}

void attach_pods(AssumedCluster& cluster) {
    std::uint32_t ofport = kFirstPodPort;
    for (const auto& [id, pod] : cluster.state.pods) {
        if (pod.node != cluster.local.name || pod.host_network || pod.finished) continue;
        Attachment attachment;
        attachment.container_id = id.text();
        attachment.interface = "eth0";
        attachment.pod = id;
        attachment.pod_uid = pod.uid;
        attachment.ct_zone = static_cast<std::uint16_t>(ofport);
        attachment.ofport = ofport++;
        attachment.mac = mac_for("pod " + id.text());
        attachment.addresses = pod.addresses;
        cluster.local.attachments.push_back(std::move(attachment));
    }
}

} // namespace

outcome::Result<AssumedCluster> assume(ClusterState state, const std::string& node) {
    AssumedCluster cluster{std::move(state), {}, {}};
    RETURN_IF_ERROR(assume_node(cluster, node));
    assume_replicas(cluster);
    assume_placement(cluster);
    RETURN_IF_ERROR(assume_addresses(cluster, cluster.state.nodes.at(node)));
    cluster.local.name = node;
    cluster.local.tunnel_ofport = kTunnelPort;
    cluster.local.gateway_mac = mac_for("gateway " + node);
    attach_pods(cluster);
    if (!cluster.local.attachments.empty())
        cluster.assumptions.push_back(std::to_string(cluster.local.attachments.size()) + " pods on " + node +
                                      " at ofports from " + std::to_string(kFirstPodPort) + ", tunnel at " +
                                      std::to_string(kTunnelPort));
    return cluster;
}

} // namespace flowgen_program
