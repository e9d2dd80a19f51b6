// Settings that routing sockets do not cover: checksum offload and the kernel's settings of one
// interface.
#pragma once

#include "ovs-cni/netlink/network_namespace.h"

#include <string>

namespace ovs_cni::netlink {

/// Makes the interface write complete checksums into the packets that it sends, and therefore send
/// no packets larger than its MTU. Needed where its packets go through a datapath that does not
/// complete checksums. Works in the calling thread's namespace.
[[nodiscard]] Result<void> disable_checksum_offload(const std::string& interface);

/// Lets the interface have IPv6 addresses where the namespace has IPv6 disabled for it. Works in
/// the calling thread's namespace. Errors: this kernel runs without IPv6.
[[nodiscard]] Result<void> enable_ipv6(const std::string& interface);

} // namespace ovs_cni::netlink
