// The pod's side of its attachment: configures the interface in the sandbox, and compares it.
//
//   AddResponse (agent) ──► configure_sandbox ──► MTU, addresses, routes, neighbours of CNI_IFNAME
//   prevResult (runtime) ─► sandbox_differences ─► lines that name every difference
#pragma once

#include "outcome/result.h"
#include "ovs-cni/cni_result.h"
#include "ovs-cni/netlink/network_namespace.h"
#include "ovs-cni/netlink/socket.h"
#include "ovs-cni/protocol/agent_protocol.h"

#include <string>
#include <vector>

namespace ovs_cni {

/// An open sandbox: its namespace, and a routing socket in it.
struct Sandbox {
    netlink::NetworkNamespace network_namespace;
    netlink::Socket socket;
};

/// Errors: the path is not a network namespace, or it is the host's own.
[[nodiscard]] outcome::Result<Sandbox> open_sandbox(const std::string& path);

/// The part that needs no answer from the agent: sets the loopback interface and `interface` up.
/// IPv6 is enabled for the interface later, when it turns out to get an IPv6 address.
[[nodiscard]] outcome::Result<void> raise_interfaces(Sandbox& sandbox, const std::string& interface);

/// Applies the agent's decision to `interface`: MTU, addresses, the virtual router as permanent
/// neighbour and as default gateway. A family keeps an existing default route. Returns the default
/// routes that were set.
[[nodiscard]] outcome::Result<std::vector<ResultRoute>>
configure_sandbox(Sandbox& sandbox, const std::string& interface, const AddResponse& response);

/// How `interface` differs from `expected`: a line for each difference. Additional addresses and
/// routes are ignored, because later plugins of the chain may add them.
[[nodiscard]] outcome::Result<std::vector<std::string>>
sandbox_differences(Sandbox& sandbox, const std::string& interface, const AttachmentResult& expected);

} // namespace ovs_cni
