// The names of an attachment's veth in the host, derived from its key alone, so that DEL and CHECK
// find it without a query.
#pragma once

#include "ipam/address.h"
#include "ovs-cni/protocol/agent_protocol.h"

#include <compare>
#include <string>
#include <string_view>

namespace ovs_cni {

struct VethIdentity {
    std::string host_name;        ///< "ovs" and 11 hexadecimal digits
    ipam::MacAddress host_mac;    ///< of the end in the host
    ipam::MacAddress sandbox_mac; ///< of the end in the sandbox

    auto operator<=>(const VethIdentity&) const = default;
};

/// The same for the same key, always and everywhere. Both Ethernet addresses are locally
/// administered. They are set, not left to the kernel's choice, because udev replaces random ones
/// some time after the link appears.
[[nodiscard]] VethIdentity veth_identity(const AttachmentKey& key);

/// Whether this is such a name of a veth's host end.
[[nodiscard]] bool is_host_name(std::string_view name);

} // namespace ovs_cni
