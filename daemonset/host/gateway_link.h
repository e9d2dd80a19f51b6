// The host's side of the network: the bridge's own port as this node's gateway to all pods.
//
//   GatewayLink (wanted) ──► apply_gateway ──► addresses, MTU, up, neighbours, routes of the kernel
//                                          └─► the changes, a line each
//
// The gateway addresses have no subnet (/32, /128). Every PodCIDR, this node's own included, is
// routed over the port through the virtual router, so the host resolves no pod's Ethernet address,
// and the pipeline routes its packets like those of a pod.
#pragma once

#include "ipam/address.h"
#include "ipam/prefix.h"
#include "ovs-cni/netlink/socket.h"

#include <string>
#include <vector>

namespace agent {

struct GatewayLink {
    std::string interface; ///< the bridge's own port, such as br-int
    ipam::MacAddress mac;  ///< only compared: Open vSwitch owns it (other_config:hwaddr) and reverts other changes
    int mtu = 0;           ///< bytes
    std::vector<ipam::IpAddress> addresses; ///< at most one of each family
    std::vector<ipam::IpAddress> routers;   ///< the virtual router; one for each family in `addresses`
    ipam::MacAddress router_mac;
    std::vector<ipam::Prefix>
        destinations; ///< all PodCIDRs of the cluster; those of a family without address are left out
};

/// Brings the host's side to the wanted state. Changes only what differs, and returns a line for
/// each change. Removes unwanted addresses of global scope on the port, and unwanted routes of
/// `kRouteProtocol` over any link. Errors: the port does not exist (yet), its MAC is not the wanted
/// one, or the kernel's reason. Changes made before an error stay, and the next call continues from
/// there.
[[nodiscard]] outcome::Result<std::vector<std::string>> apply_gateway(ovs_cni::netlink::Socket& socket,
                                                                      const GatewayLink& wanted);

/// Removes the routes that `apply_gateway` has set.
[[nodiscard]] outcome::Result<void> remove_gateway_routes(ovs_cni::netlink::Socket& socket);

} // namespace agent
