// The cluster's state as plain values: the input of every compile. Nothing here knows the source of
// the objects.
//
//   Kubernetes API, or a directory of manifests ──► ClusterState ──► compile ──► FlowSet
//
// Every field has the meaning of its namesake in the Kubernetes API reference. Fields that the
// network does not need are absent.
#pragma once

#include "ipam/prefix.h"
#include "words/list.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace flowgen {

using ipam::IpAddress;
using ipam::MacAddress;
using ipam::Prefix;

/// Key to value, sorted by key.
using Labels = std::map<std::string, std::string>;

/// "{KEY=VALUE,KEY=VALUE}".
[[nodiscard]] inline std::string text(const Labels& labels, std::string_view separator = ",") {
    const auto label = [](const auto& pair) { return pair.first + "=" + pair.second; };
    return "{" + words::join(labels, label, separator) + "}";
}

/// The label that every namespace carries, with its own name as value, whether its manifest has it
/// or not.
/// Source: Kubernetes, "Automatic labelling" of namespaces.
inline constexpr auto kNamespaceNameLabel = "kubernetes.io/metadata.name";

/// Transport protocols that a policy can name; the values are IP protocol numbers.
enum class Protocol : std::uint8_t { TCP = 6, UDP = 17, SCTP = 132 };

/// "NAMESPACE/NAME" of a namespaced object.
struct ObjectName {
    std::string namespace_;
    std::string name;

    auto operator<=>(const ObjectName&) const = default;
    [[nodiscard]] std::string text() const { return namespace_ + "/" + name; }
};

struct Namespace {
    std::string name;
    Labels labels;       ///< includes kNamespaceNameLabel
    std::string created; ///< metadata.creationTimestamp (RFC 3339, UTC), empty when the manifest has none

    auto operator<=>(const Namespace&) const = default;
};

struct Node {
    std::string name;
    std::vector<Prefix> pod_cidrs;    ///< spec.podCIDRs; at most one of each family is used
    std::vector<IpAddress> addresses; ///< status.addresses of type InternalIP, then ExternalIP, in the object's order

    auto operator<=>(const Node&) const = default;
};

struct ContainerPort {
    std::string name; ///< may be empty
    Protocol protocol = Protocol::TCP;
    std::uint16_t number = 0;

    auto operator<=>(const ContainerPort&) const = default;
};

struct Pod {
    ObjectName id;
    std::string uid; ///< empty when the manifest has none
    Labels labels;
    std::string node;          ///< spec.nodeName, empty until scheduled
    bool host_network = false; ///< shares its node's network: never selected, not attached
    bool finished = false;     ///< status.phase Succeeded or Failed: ignored
    std::vector<ContainerPort> ports;
    std::vector<IpAddress> addresses; ///< status.podIPs

    auto operator<=>(const Pod&) const = default;
};

/// An object that creates pods. It makes a label set known before any pod carries it, and however
/// many pods will.
struct Workload {
    std::string kind; ///< Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob
    ObjectName id;
    int replicas = 1; ///< spec.replicas, spec.parallelism of a Job; 1 for DaemonSet and CronJob
    Pod pod_template; ///< labels, ports, host_network, node; `id.namespace_` is the workload's, the rest is empty

    auto operator<=>(const Workload&) const = default;
};

/// One of matchExpressions. Source: API reference, LabelSelectorRequirement.
struct LabelRequirement {
    enum class Operator : std::uint8_t { In, NotIn, Exists, DoesNotExist };

    std::string key;
    Operator op = Operator::Exists;
    std::set<std::string> values; ///< In and NotIn: not empty; otherwise empty

    auto operator<=>(const LabelRequirement&) const = default;
};

/// Matches what all its parts match; with no parts, everything. Source: API reference, LabelSelector.
struct LabelSelector {
    Labels match_labels;
    std::vector<LabelRequirement> match_expressions;

    auto operator<=>(const LabelSelector&) const = default;
    [[nodiscard]] bool empty() const { return match_labels.empty() && match_expressions.empty(); }
};

struct IpBlock {
    Prefix cidr;
    std::vector<Prefix> except; ///< each inside `cidr`

    auto operator<=>(const IpBlock&) const = default;
};

/// One entry of from/to: either `ip_block` alone, or one or both selectors. Source: API reference, NetworkPolicyPeer.
struct PolicyPeer {
    std::optional<LabelSelector> pod_selector;
    std::optional<LabelSelector> namespace_selector; ///< absent: the policy's own namespace
    std::optional<IpBlock> ip_block;

    auto operator<=>(const PolicyPeer&) const = default;
};

/// Source: API reference, NetworkPolicyPort.
struct PolicyPort {
    Protocol protocol = Protocol::TCP;
    /// Absent: all ports of the protocol. A name means the number that each destination pod gives it.
    std::variant<std::monostate, std::uint16_t, std::string> port;
    std::optional<std::uint16_t> end_port; ///< only with a number, and not below it

    auto operator<=>(const PolicyPort&) const = default;
};

struct PolicyRule {
    std::vector<PolicyPeer> peers; ///< from or to; empty (or absent in the manifest): any peer
    std::vector<PolicyPort> ports; ///< empty (or absent): all traffic, of every protocol

    auto operator<=>(const PolicyRule&) const = default;
};

enum class Direction : std::uint8_t { Ingress, Egress };

struct NetworkPolicy {
    ObjectName id;
    LabelSelector pod_selector;
    std::vector<Direction> policy_types; ///< as written; empty when absent, see `isolates`
    std::vector<PolicyRule> ingress;
    std::vector<PolicyRule> egress;

    auto operator<=>(const NetworkPolicy&) const = default;
};

struct ClusterState {
    std::map<std::string, Namespace> namespaces;
    std::map<std::string, Node> nodes;
    std::map<ObjectName, Pod> pods;
    std::map<std::pair<std::string, ObjectName>, Workload> workloads; ///< by kind and name
    std::map<ObjectName, NetworkPolicy> policies;
    std::map<std::string, std::set<Labels>> label_sets; ///< by namespace: of pods of which only the labels are known
    std::vector<Prefix> service_cidrs; ///< where ClusterIPs come from; sorted, empty when the source does not know

    auto operator<=>(const ClusterState&) const = default;
};

/// A pod's interface on this node's bridge, as recorded in the switch database.
struct Attachment {
    std::string container_id;      ///< of the sandbox
    std::string interface;         ///< its name in the sandbox
    std::optional<ObjectName> pod; ///< absent when attached without Kubernetes arguments: never isolated
    std::string pod_uid;           ///< empty when the runtime does not pass it
    std::uint32_t ofport = 0;
    MacAddress mac;
    std::vector<IpAddress> addresses; ///< at most one of each family
    /// The zone of connection tracking that is this attachment's alone. Absent when a version without
    /// such zones attached it: it shares kSharedZone with the others of its kind.
    std::optional<std::uint16_t> ct_zone;

    auto operator<=>(const Attachment&) const = default;
};

/// What only this node knows about itself.
struct LocalNode {
    std::string name;
    std::uint32_t tunnel_ofport = 0;
    std::optional<IpAddress> tunnel_address; ///< own tunnel endpoint; absent: the Node's first address
    MacAddress gateway_mac;                  ///< of the bridge's own port
    std::vector<IpAddress> host_addresses;   ///< all addresses of this host except those of its Node object
    std::vector<Attachment> attachments;
    /// Whether the datapath can write the type of neighbour discovery's options and the flags of its advertisements.
    /// Open vSwitch's own can in ovs-vswitchd ("netdev"), and not in the kernel ("system").
    bool writes_nd_options = true;

    auto operator<=>(const LocalNode&) const = default;
};

} // namespace flowgen
