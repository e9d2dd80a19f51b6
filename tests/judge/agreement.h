// Whether the flows agree with the reference, for one attempt and everything that follows from it.
//
//   Cluster ──► compile for each node ──► Fabric ──► check ◄── reference
//                                                      └──► nothing, or a Disagreement
#pragma once

#include "tests/judge/crossing.h"

#include <optional>

namespace judge {

struct Disagreement {
    std::string what;  ///< what was expected, and what happened
    std::string trace; ///< the flows that the packet matched
};

/// flowgen's flows for `cluster`, node by node. Errors: those of flowgen::compile, with the node's
/// name.
[[nodiscard]] outcome::Result<std::map<std::string, FabricNode>> compile_nodes(const Cluster& cluster);

/// The same, loaded. Errors: also those of Fabric::build.
[[nodiscard]] outcome::Result<Fabric> compile_fabric(const Cluster& cluster);

/// Sends the attempt's first packet. If the reference allows it, also the reply, further packets of
/// both directions, the last ones (which no other node's conntrack can place) and an ICMP error;
/// there must be one connection, on the delivering node. If the reference denies it, also the
/// reverse direction, which must pass only if it is itself allowed. Forgets all connections first.
[[nodiscard]] std::optional<Disagreement> check(Fabric& fabric, const Cluster& cluster, const Attempt& attempt,
                                                Path path, std::uint16_t source_port);

} // namespace judge
