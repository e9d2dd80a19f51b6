// The pod's side of its attachment: the interface in the sandbox, set up and compared.
//
//   AddResponse (agent) ──► configure_sandbox ──► MTU, addresses, routes, neighbours of CNI_IFNAME
//   prevResult (runtime) ─► sandbox_differences ─► lines that name what is not so any more
#pragma once

#include "outcome/result.h"
#include "ovs-cni/cni_result.h"
#include "ovs-cni/netlink/network_namespace.h"
#include "ovs-cni/netlink/socket.h"
#include "ovs-cni/protocol/agent_protocol.h"

#include <string>
#include <vector>

namespace ovs_cni {

/// A sandbox that was opened: its namespace, and a routing socket in it.
struct Sandbox {
    netlink::NetworkNamespace network_namespace;
    netlink::Socket socket;
};

/// Errors: the path is not a network namespace, or it is the host's own.
[[nodiscard]] outcome::Result<Sandbox> open_sandbox(const std::string& path);

/// What needs no answer from the agent: the loopback interface and `interface` up. IPv6 is switched on for the
/// interface later, when it turns out to get such an address.
[[nodiscard]] outcome::Result<void> raise_interfaces(Sandbox& sandbox, const std::string& interface);

/// Gives `interface` what the agent decided: MTU, addresses, the virtual router as permanent neighbour and as default
/// gateway. A family that has a default route already keeps it. Returns the default routes that were set.
[[nodiscard]] outcome::Result<std::vector<ResultRoute>>
configure_sandbox(Sandbox& sandbox, const std::string& interface, const AddResponse& response);

/// How `interface` differs from what `expected` says of it; a line for each difference, none when all is there.
/// Further addresses and routes are no difference: later plugins of the chain may add them.
[[nodiscard]] outcome::Result<std::vector<std::string>>
sandbox_differences(Sandbox& sandbox, const std::string& interface, const AttachmentResult& expected);

} // namespace ovs_cni
