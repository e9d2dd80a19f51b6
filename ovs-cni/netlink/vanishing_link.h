// Removing a link without waiting for what nobody can see of it.
//
//   child ── RTM_DELLINK ──► kernel: link leaves its namespace ──► announced ──► memory freed ──► acknowledged
//   caller ◄──────────────────────────────────────────────────────────┘
//
// The kernel acknowledges a removal only after an RCU barrier, for 10 ms and more, during which the link is already
// gone for everybody: its name is free and nothing passes through it. A child process waits for the acknowledgement
// instead.
#pragma once

#include "outcome/result.h"

#include <string>

namespace ovs_cni::netlink {

/// Removes a link of the calling thread's namespace; of a veth also its other end. When it returns, no lookup finds the
/// link any more. One that does not exist is no error. For single-threaded programs: it forks.
[[nodiscard]] outcome::Result<void> delete_link_soon(const std::string& name);

} // namespace ovs_cni::netlink
