// Removes a link without waiting for the part of the removal that has no visible effect.
//
//   child ── RTM_DELLINK ──► kernel: link leaves its namespace ──► announced ──► memory freed ──► acknowledged
//   caller ◄──────────────────────────────────────────────────────────┘
//
// The kernel acknowledges a removal only after an RCU barrier, 10 ms or more. By then the link is
// long gone: its name is free and no packet passes through it. A child process waits for the
// acknowledgement instead.
#pragma once

#include "outcome/result.h"

#include <string>

namespace ovs_cni::netlink {

/// Removes a link of the calling thread's namespace, and the other end of a veth. When it returns,
/// no lookup finds the link any more. An absent link is not an error. For single-threaded programs:
/// it forks.
[[nodiscard]] outcome::Result<void> delete_link_soon(const std::string& name);

} // namespace ovs_cni::netlink
