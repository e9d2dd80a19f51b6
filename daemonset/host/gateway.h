// The host's side of the bridge: this node's gateway, and the kernel settings for forwarding.
//
//   ClusterState ──► gateway_link ──► apply_gateway ──► addresses on br-int, routes to every PodCIDR
//                                 └─► allow_forwarding ──► /proc/sys/net
#pragma once

#include "daemonset/host/gateway_link.h"
#include "flowgen/state/cluster_state.h"

#include <filesystem>
#include <string>
#include <vector>

namespace agent {

/// The Ethernet address of this node's gateway: locally administered and derived from the node's
/// name, so that it survives restarts and differs between nodes. Never the virtual router's, which
/// begins with ee.
[[nodiscard]] ipam::MacAddress gateway_mac(const std::string& node);

/// The bridge's own port as the cluster's state requires it on this node: a gateway address for
/// each family of the node's PodCIDRs, and the PodCIDRs of all nodes as destinations. `mtu` is in
/// bytes. Errors: there is no Node object of this name, or it has no PodCIDR.
[[nodiscard]] outcome::Result<GatewayLink> gateway_link(const flowgen::ClusterState& state, const std::string& node,
                                                        const std::string& bridge, int mtu);

/// Lets the kernel forward between the bridge and the underlay, for the families of the gateway's
/// addresses. Changes only what differs and returns the changes. Reverse-path filtering of the
/// underlay's link is relaxed from strict to loose: packets between pods and nodes are not
/// translated and may take different paths in the two directions. `folder` is the path of
/// /proc/sys/net.
[[nodiscard]] outcome::Result<std::vector<std::string>>
allow_forwarding(const std::filesystem::path& folder, const GatewayLink& gateway, const std::string& underlay_link);

} // namespace agent
