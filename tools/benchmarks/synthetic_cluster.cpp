#include "tools/benchmarks/synthetic_cluster.h"

#include "flowgen/state/identity.h"

namespace benchmarks {
namespace {

using flowgen::Direction;
using flowgen::ObjectName;
using ipam::Prefix;

constexpr int kNodes = 100;
constexpr int kAppsPerNamespace = 10;
constexpr std::uint32_t kLocalPods = 100;

std::string app_name(int app) { return "app-" + std::to_string(app % kAppsPerNamespace); }

flowgen::LabelSelector labelled(const std::string& app) { return {{{"app", app}}, {}}; }

void add_nodes(flowgen::ClusterState& state) {
    for (int i = 0; i < kNodes; ++i) {
        const auto number = static_cast<unsigned>(i);
        const Prefix cidr{{ipam::Family::IPv4, 0x0af40000 + (number << 8)}, 24};
        const auto name = "node-" + std::to_string(i);
        state.nodes[name] = {name, {cidr}, {{ipam::Family::IPv4, 0xac1e0001 + number}}};
    }
}

void add_app(flowgen::ClusterState& state, const std::string& namespace_name, int app) {
    const ObjectName id{namespace_name, app_name(app)};
    flowgen::Workload workload{"Deployment", id, 10, {}};
    workload.pod_template.labels = {{"app", id.name}};
    state.workloads[{workload.kind, id}] = workload;
    const flowgen::PolicyPeer before{labelled(app_name(app + kAppsPerNamespace - 1)), {}, {}};
    const flowgen::PolicyPeer after{labelled(app_name(app + 1)), {}, {}};
    const flowgen::PolicyPort port{flowgen::Protocol::TCP, std::uint16_t{8080}, {}};
    state.policies[id] = {
        id, labelled(id.name), {Direction::Ingress, Direction::Egress}, {{{before}, {port}}}, {{{after}, {port}}}};
}

void attach_pod(SyntheticCluster& cluster, std::uint32_t number, const std::string& namespace_name) {
    const auto app = app_name(static_cast<int>(number));
    const ObjectName id{namespace_name, app + "-" + std::to_string(number)};
    cluster.state.pods[id] = {id, "", {{"app", app}}, "node-0", false, false, {}, {}};
    flowgen::Attachment attachment;
    attachment.container_id = id.text();
    attachment.interface = "eth0";
    attachment.pod = id;
    attachment.ofport = 10 + number;
    attachment.ct_zone = static_cast<std::uint16_t>(attachment.ofport);
    attachment.mac = {{0x0a, 0, 0, 0, 0, static_cast<std::uint8_t>(number)}};
    attachment.addresses = {{ipam::Family::IPv4, 0x0af40002 + number}};
    cluster.local.attachments.push_back(attachment);
}

} // namespace

SyntheticCluster synthetic_cluster(int namespaces) {
    SyntheticCluster cluster;
    cluster.local.name = "node-0";
    cluster.local.tunnel_ofport = 1;
    add_nodes(cluster.state);
    const auto name = [](int i) { return "team-" + std::to_string(i); };
    for (int i = 0; i < namespaces; ++i)
        for (int app = 0; app < kAppsPerNamespace; ++app) add_app(cluster.state, name(i), app);
    for (std::uint32_t i = 0; i < kLocalPods; ++i) attach_pod(cluster, i, name(static_cast<int>(i) % namespaces));
    return cluster;
}

} // namespace benchmarks
