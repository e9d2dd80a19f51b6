// The part of the agent's nftables table that enforces the egress policy of local pods where the
// bridge cannot: after kube-proxy has translated a Service's address to a node, the host itself or
// the outside.
//
//   forward, input, output ──► translated, and not about to cross the bridge? ──► isolated: which pod opened it?
//        └─► egress_X (its packets), replies_X (the answers): allowed destination ──► return
//                                                             any other ────────────► drop
//
// X is a hash of the allowed traffic; pods with the same allowed traffic share it. Every packet is
// evaluated, not only the first.
#pragma once

#include "flowgen/policy/host_policy.h"

#include <string>

namespace agent {

/// The sets, maps and chains, for a table's block.
[[nodiscard]] std::string egress_chains(const std::string& bridge, const flowgen::HostPolicy& policy);

/// Commands that turn the isolated pods of `before` into those of `after`, in a table that has the
/// chains of `before`, as one transaction.
[[nodiscard]] std::string egress_change(const std::string& table, const flowgen::HostPolicy& before,
                                        const flowgen::HostPolicy& after);

} // namespace agent
