// The host's side of the network: the bridge's own port as this node's gateway to all pods.
//
//   GatewayLink (wanted) ──► apply_gateway ──► addresses, MTU, up, neighbours, routes of the kernel
//                                          └─► what had to be changed, a line each
//
// The gateway addresses stand alone (/32, /128). Every PodCIDR, this node's own included, is routed over the port by
// way of the virtual router, so the host asks for no pod's Ethernet address and the pipeline routes its packets like a
// pod's.
#pragma once

#include "ipam/address.h"
#include "ipam/prefix.h"
#include "ovs-cni/netlink/socket.h"

#include <string>
#include <vector>

namespace agent {

struct GatewayLink {
    std::string interface; ///< the bridge's own port, such as br-int
    ipam::MacAddress mac;  ///< only compared: Open vSwitch owns it (other_config:hwaddr) and undoes what others set
    int mtu = 0;           ///< bytes
    std::vector<ipam::IpAddress> addresses; ///< at most one of each family
    std::vector<ipam::IpAddress> routers;   ///< the virtual router; one for each family in `addresses`
    ipam::MacAddress router_mac;
    std::vector<ipam::Prefix>
        destinations; ///< all PodCIDRs of the cluster; those of a family without address are left out
};

/// Makes the host's side as wanted, changes only what differs, and returns a line for each change, so nothing when all
/// was in place. Addresses of global scope on the port that are not wanted go, and so do routes of `kRouteProtocol`
/// that are not wanted, whatever link they are over. Errors: the port does not exist (yet), its MAC is not the wanted
/// one, or the kernel's reason; what was done until then stays, and calling again goes on from there.
[[nodiscard]] outcome::Result<std::vector<std::string>> apply_gateway(ovs_cni::netlink::Socket& socket,
                                                                      const GatewayLink& wanted);

/// Removes the routes that `apply_gateway` made.
[[nodiscard]] outcome::Result<void> remove_gateway_routes(ovs_cni::netlink::Socket& socket);

} // namespace agent
