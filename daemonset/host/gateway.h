// The host's side of the bridge: what this node's gateway must be, and the kernel's leave to forward.
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

/// The Ethernet address of this node's gateway: locally administered, derived from the node's name, so that it is the
/// same after every restart and differs between nodes. Never the virtual router's, which begins with ee.
[[nodiscard]] ipam::MacAddress gateway_mac(const std::string& node);

/// What the cluster's state asks of the bridge's own port on this node: a gateway address for each family that the node
/// has a PodCIDR of, and the PodCIDRs of all nodes as destinations. `mtu` is in bytes.
/// Errors: there is no Node object of this name, or it has no PodCIDR.
[[nodiscard]] outcome::Result<GatewayLink> gateway_link(const flowgen::ClusterState& state, const std::string& node,
                                                        const std::string& bridge, int mtu);

/// Lets the kernel forward between the bridge and the underlay, for the families that the gateway has addresses of.
/// Changes only what differs and returns what was changed. Reverse-path filtering of the underlay's link is relaxed
/// from strict to loose: packets between pods and nodes are not translated and may take different ways there and back.
/// `folder` is where /proc/sys/net is to be found.
[[nodiscard]] outcome::Result<std::vector<std::string>>
allow_forwarding(const std::filesystem::path& folder, const GatewayLink& gateway, const std::string& underlay_link);

} // namespace agent
