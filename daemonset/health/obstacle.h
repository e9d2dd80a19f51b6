// Why pods cannot be served on this node: one word for machines, one line for people.
//
//   cluster, host, attachments ──► Obstacle ──► STATUS, /readyz
//                                      └──► Verdict, once it lasts ──► log, the Node's condition
//
// docs/troubleshooting.md has a remedy for every cause; a test keeps the two in step.
#pragma once

#include "daemonset/attachments/attachment_record.h"
#include "daemonset/cluster/network_report.h"
#include "daemonset/node/host_view.h"
#include "flowgen/state/cluster_state.h"

#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace agent {

struct Obstacle {
    Cause cause = Cause::ClusterUnread;
    std::string message;

    auto operator<=>(const Obstacle&) const = default;
};

/// The smallest MTU of pods: of IPv6 (RFC 8200, section 5), and the size that every IPv4 host
/// accepts (RFC 791, section 3.1).
inline constexpr int kMinMtuIpv6 = 1280;
inline constexpr int kMinMtuIpv4 = 576;

/// The fault of this node's Node object: it is missing, has no PodCIDR, or has one that other nodes
/// use. Of two nodes with one range the first by name keeps it, as on every other node; see
/// compile_nodes.
[[nodiscard]] std::optional<Obstacle> node_obstacle(const flowgen::ClusterState& state, const std::string& node);

/// Whether the underlay carries pods' packets of these families with the MTU of `host`.
[[nodiscard]] std::optional<Obstacle> mtu_obstacle(const HostView& host, std::span<const ipam::Prefix> pod_cidrs);

/// The pods that the switch serves with addresses outside the node's PodCIDRs, for which other
/// nodes send nothing here.
[[nodiscard]] std::optional<Obstacle> address_obstacle(const std::map<std::string, AttachmentRecord>& records,
                                                       std::span<const ipam::Prefix> pod_cidrs);

} // namespace agent
