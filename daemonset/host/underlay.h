// The link that carries the tunnels, and the MTU that remains for pods.
//
//   tunnel address ──► the link that has it ──► its MTU minus the tunnel's headers ──► pods, routes, gateway
#pragma once

#include "daemonset/node/host_view.h"
#include "daemonset/node/node_configuration.h"
#include "flowgen/state/cluster_state.h"
#include "ovs-cni/netlink/socket.h"

namespace agent {

/// The bytes that Geneve adds to a packet: outer IP (20 or 40), UDP 8, Geneve 8 with our option of
/// 4 + 16, inner Ethernet 14. Source: RFC 8926, section 3. Together 70 over IPv4 and 90 over IPv6.
[[nodiscard]] int tunnel_overhead(ipam::Family family);

/// The node's tunnel address: the configured one, or the first of its Node object.
/// Errors: neither exists.
[[nodiscard]] outcome::Result<ipam::IpAddress> tunnel_address(const NodeConfiguration& configuration,
                                                              const flowgen::ClusterState& state);

/// The link with this address. Errors: no link of this host has it.
[[nodiscard]] outcome::Result<Underlay> find_underlay(ovs_cni::netlink::Socket& socket, const ipam::IpAddress& address);

/// The MTU of pods in bytes: `configured` unless that is 0, else what the underlay leaves.
[[nodiscard]] int pod_mtu(int configured, const Underlay& underlay);

} // namespace agent
