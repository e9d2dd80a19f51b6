// The part of the agent's nftables table that holds the egress policy of local pods where the bridge cannot: after
// kube-proxy has translated a Service's address to a node, the host itself or the outside.
//
//   forward, input, output ──► translated, and not about to meet the bridge? ──► isolated: who opened the connection?
//        └─► egress_X (its packets), replies_X (the answers): allowed destination ──► return
//                                                             any other ────────────► drop
//
// X is a hash of what is allowed; pods that are allowed the same share it. Every packet is asked, not only the first.
#pragma once

#include "flowgen/policy/host_policy.h"

#include <string>

namespace agent {

/// The sets, maps and chains, to stand in a table's block.
[[nodiscard]] std::string egress_chains(const std::string& bridge, const flowgen::HostPolicy& policy);

/// Commands that make the isolated pods of `after` of those of `before` in a table that has the chains of `before`, one
/// transaction.
[[nodiscard]] std::string egress_change(const std::string& table, const flowgen::HostPolicy& before,
                                        const flowgen::HostPolicy& after);

} // namespace agent
