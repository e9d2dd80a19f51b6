#include "tests/judge/random_cluster.h"

#include <algorithm>

namespace judge {

namespace {

using namespace flowgen;
using ipam::Family;
using ipam::U128;

constexpr U128 kPodsIpv4 = 0x0a010000;                     // 10.1.0.0, a /24 for each node
constexpr U128 kPodsIpv6 = U128{0xfd00001000010000} << 64; // fd00:10:1::, a /64 for each node
constexpr U128 kUnderlayIpv4 = 0xac1e0000;                 // 172.30.0.0
constexpr U128 kUnderlayIpv6 = U128{0xfd00003000000000} << 64;
constexpr U128 kExternalIpv4 = 0xcb007100; // 203.0.113.0, TEST-NET-3
constexpr U128 kReservedIpv4 = 0xf0000000; // 240.0.0.0, which some networks use as ordinary addresses
constexpr U128 kBridgeIpv4 = 0xc0a84d00;   // 192.168.77.0, of another bridge on the host
constexpr std::uint32_t kTunnelPort = 1, kFirstPodPort = 10;

struct Families {
    bool pods_ipv4 = true;
    bool pods_ipv6 = false;
    bool underlay_ipv4 = true;
    bool underlay_ipv6 = false;
};

Families random_families(Random& random) {
    switch (random.below(4)) {
    case 0:
        return {.pods_ipv4 = true, .pods_ipv6 = false, .underlay_ipv4 = true, .underlay_ipv6 = false};
    case 1:
        return {.pods_ipv4 = false, .pods_ipv6 = true, .underlay_ipv4 = false, .underlay_ipv6 = true};
    case 2:
        return {.pods_ipv4 = true, .pods_ipv6 = true, .underlay_ipv4 = true, .underlay_ipv6 = true};
    default:
        return {.pods_ipv4 = true, .pods_ipv6 = true, .underlay_ipv4 = random.chance(50), .underlay_ipv6 = true};
    }
}

Node random_node(int index, const Families& families, Random& random) {
    Node node{.name = "node" + std::to_string(index), .pod_cidrs = {}, .addresses = {}};
    const U128 number = static_cast<U128>(index);
    if (families.pods_ipv4) {
        node.pod_cidrs.push_back(
            {.address = {.family = Family::IPv4, .bits = kPodsIpv4 + (number << 8)}, .length = 24});
    }
    if (families.pods_ipv6) {
        node.pod_cidrs.push_back(
            {.address = {.family = Family::IPv6, .bits = kPodsIpv6 + (number << 64)}, .length = 64});
    }
    if (families.pods_ipv4 && families.pods_ipv6 && random.chance(30)) {
        std::ranges::reverse(node.pod_cidrs);
    }
    if (families.underlay_ipv4) node.addresses.push_back({.family = Family::IPv4, .bits = kUnderlayIpv4 + number});
    if (families.underlay_ipv6) node.addresses.push_back({.family = Family::IPv6, .bits = kUnderlayIpv6 + number});
    if (families.underlay_ipv4 && random.chance(30)) {
        const U128 external = random.chance(20) ? kReservedIpv4 : kExternalIpv4;
        node.addresses.push_back({.family = Family::IPv4, .bits = external + number});
    }
    return node;
}

const std::vector<std::string>& label_keys() {
    static const std::vector<std::string> keys{"app", "tier", "team"};
    return keys;
}

const std::vector<std::string>& label_values() {
    static const std::vector<std::string> values{"a", "b", "c"};
    return values;
}

const std::vector<std::uint16_t>& service_ports() {
    static const std::vector<std::uint16_t> ports{80, 443, 5978, 8080, 32000};
    return ports;
}

Protocol random_protocol(Random& random) {
    const auto choice = random.below(10);
    if (choice < 6) return Protocol::TCP;
    return choice < 9 ? Protocol::UDP : Protocol::SCTP;
}

Labels random_labels(Random& random) {
    Labels labels;
    for (const auto& key : random.some_of(label_keys(), 60)) labels[key] = random.pick(label_values());
    return labels;
}

Namespace random_namespace(const std::string& name, Random& random) {
    Namespace result{.name = name, .labels = random_labels(random), .created = "2024-01-01T00:00:00Z"};
    result.labels[kNamespaceNameLabel] = name;
    return result;
}

std::vector<ContainerPort> random_ports(Random& random) {
    std::vector<ContainerPort> ports;
    for (const auto& name : random.some_of(port_names(), 60)) {
        ports.push_back({.name = name, .protocol = random_protocol(random), .number = random.pick(service_ports())});
    }
    if (random.chance(30)) ports.push_back({.name = "", .protocol = Protocol::TCP, .number = 9090});
    return ports;
}

MacAddress pod_mac(U128 node, U128 pod) {
    return {{0x0a, 0, 0, 0, static_cast<std::uint8_t>(node), static_cast<std::uint8_t>(pod)}};
}

/// Adds pods one by one, giving each attached one the next address and port of its node.
class PodMaker {
  public:
    PodMaker(Cluster& cluster, Random& random) : cluster_(cluster), random_(random) {}

    void add(const ObjectName& name) {
        std::vector<std::string> node_names;
        node_names.reserve(cluster_.state.nodes.size());
        for (const auto& [node_name, node] : cluster_.state.nodes) node_names.push_back(node_name);
        Pod pod;
        pod.id = name;
        pod.uid = "uid-" + name.name;
        pod.labels = labels_for(name.namespace_);
        pod.host_network = random_.chance(8);
        pod.finished = random_.chance(8);
        pod.ports = random_ports(random_);
        if (!random_.chance(4)) pod.node = random_.pick(node_names);
        if (pod.node.empty()) {
            pod.host_network = pod.finished = false;
        } else if (pod.host_network) {
            pod.addresses = cluster_.state.nodes.at(pod.node).addresses;
        } else if (pod.finished) {
            // Its address may already belong to another pod.
            const auto& others = cluster_.locals.at(pod.node).attachments;
            if (!others.empty()) pod.addresses = random_.pick(others).addresses;
        } else {
            attach(pod);
        }
        cluster_.state.pods.emplace(name, pod);
    }

  private:
    /// Often those of another pod there, as of a replica: the two then differ in other things than
    /// labels.
    Labels labels_for(const std::string& namespace_name) {
        std::vector<Labels> existing;
        for (const auto& [name, pod] : cluster_.state.pods) {
            if (name.namespace_ == namespace_name) existing.push_back(pod.labels);
        }
        return !existing.empty() && random_.chance(50) ? random_.pick(existing) : random_labels(random_);
    }

    void attach(Pod& pod) {
        const auto& node = cluster_.state.nodes.at(pod.node);
        auto& local = cluster_.locals.at(pod.node);
        const auto serial = static_cast<U128>(local.attachments.size());
        for (const auto& cidr : node.pod_cidrs) {
            pod.addresses.push_back({.family = cidr.family(), .bits = cidr.address.bits + 2 + serial});
        }
        const auto node_number = static_cast<U128>(std::stoul(node.name.substr(4)));
        local.attachments.push_back({.container_id = "container-" + pod.id.namespace_ + "-" + pod.id.name,
                                     .interface = "eth0",
                                     .pod = pod.id,
                                     .pod_uid = pod.uid,
                                     .ofport = kFirstPodPort + static_cast<std::uint32_t>(serial),
                                     .mac = pod_mac(node_number, serial + 2),
                                     .addresses = pod.addresses,
                                     .ct_zone = random_zone(serial)});
        if (random_.chance(10)) pod.addresses.clear(); // the status is late
    }

    /// Some attachments are of a version without a zone for each.
    std::optional<std::uint16_t> random_zone(U128 serial) {
        if (random_.chance(20)) return std::nullopt;
        return static_cast<std::uint16_t>(kFirstPodPort + serial);
    }

    Cluster& cluster_;
    Random& random_;
};

void add_workload(Cluster& cluster, const std::string& namespace_name, Random& random) {
    Workload workload{.kind = "Deployment",
                      .id = {.namespace_ = namespace_name, .name = "scaled"},
                      .replicas = random.between(0, 5),
                      .pod_template = {}};
    workload.pod_template.id.namespace_ = namespace_name;
    workload.pod_template.labels = random_labels(random);
    workload.pod_template.ports = random_ports(random);
    cluster.state.workloads.emplace(std::pair{workload.kind, workload.id}, workload);
}

} // namespace

const std::vector<std::string>& port_names() {
    static const std::vector<std::string> names{"http", "dns", "metrics"};
    return names;
}

const Attachment& Cluster::attachment(const ObjectName& pod) const {
    const auto& attachments = locals.at(state.pods.at(pod).node).attachments;
    return *std::ranges::find(attachments, pod, &Attachment::pod);
}

Cluster random_cluster(Random& random) {
    Cluster cluster;
    const auto families = random_families(random);
    const int node_count = random.between(1, 4);
    for (int i = 1; i <= node_count; ++i) {
        const auto node = random_node(i, families, random);
        cluster.state.nodes.emplace(node.name, node);
        LocalNode local;
        local.name = node.name;
        local.tunnel_ofport = kTunnelPort;
        local.gateway_mac = pod_mac(static_cast<U128>(i), 1);
        if (families.pods_ipv4 && random.chance(30)) {
            local.host_addresses.push_back({.family = Family::IPv4, .bits = kBridgeIpv4 + static_cast<U128>(i)});
        }
        cluster.locals.emplace(node.name, local);
    }
    if (random.chance(40)) cluster.limits.conjunctions_per_flow = random.between(1, 3);
    const int namespace_count = random.between(1, 4);
    PodMaker pods(cluster, random);
    for (int i = 0; i < namespace_count; ++i) {
        const std::string name(1, static_cast<char>('x' - i));
        if (!random.chance(10)) cluster.state.namespaces.emplace(name, random_namespace(name, random));
        const int pod_count = random.between(3, 8);
        for (int pod = 0; pod < pod_count; ++pod) {
            pods.add({.namespace_ = name, .name = "pod" + std::to_string(pod)});
        }
        if (random.chance(30)) add_workload(cluster, name, random);
    }
    return cluster;
}

} // namespace judge
