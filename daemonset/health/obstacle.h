// What keeps pods from being served on this node: one word for machines, one line for people.
//
//   cluster, host, attachments ──► Obstacle ──► STATUS, /readyz
//                                      └──► Verdict, when it lasts ──► log, the Node's condition
//
// docs/troubleshooting.md says of every cause what to do; a test holds the two together.
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

/// The smallest MTU of pods: of IPv6 (RFC 8200, section 5), and what every IPv4 host takes (RFC 791, section 3.1).
inline constexpr int kMinMtuIpv6 = 1280;
inline constexpr int kMinMtuIpv4 = 576;

/// What is wrong with this node's Node object: it is missing, has no PodCIDR, or one that others use. Of two nodes with
/// one range the first by name has it, as on every other node; see compile_nodes.
[[nodiscard]] std::optional<Obstacle> node_obstacle(const flowgen::ClusterState& state, const std::string& node);

/// Whether the underlay carries pods' packets of these families, whose MTU `host` has.
[[nodiscard]] std::optional<Obstacle> mtu_obstacle(const HostView& host, std::span<const ipam::Prefix> pod_cidrs);

/// The pods that the switch serves under addresses outside the node's PodCIDRs, which no other node sends here.
[[nodiscard]] std::optional<Obstacle> address_obstacle(const std::map<std::string, AttachmentRecord>& records,
                                                       std::span<const ipam::Prefix> pod_cidrs);

} // namespace agent
