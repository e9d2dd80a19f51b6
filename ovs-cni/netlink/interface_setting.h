// What routing sockets do not cover: checksum offload and the kernel's settings of one interface.
#pragma once

#include "ovs-cni/netlink/network_namespace.h"

#include <string>

namespace ovs_cni::netlink {

/// Makes the interface put complete checksums into what it sends, and with that no packets larger than its MTU. Needed
/// where packets go from it through a datapath that does not complete checksums. In the calling thread's namespace.
[[nodiscard]] Result<void> disable_checksum_offload(const std::string& interface);

/// Lets the interface have IPv6 addresses where the namespace came with IPv6 switched off for it.
/// In the calling thread's namespace. Errors: this kernel runs without IPv6.
[[nodiscard]] Result<void> enable_ipv6(const std::string& interface);

} // namespace ovs_cni::netlink
