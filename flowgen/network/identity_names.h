// Readable names of the identities in flows, for reading flows offline or at a switch.
//
//   ClusterState ──► IdentityNames ──► "source shop{app=web}, destination shop{app=db}"
#pragma once

#include "flowgen/flow/flow.h"
#include "flowgen/state/cluster_state.h"
#include "flowgen/state/identity.h"

#include <cstdint>
#include <map>
#include <string>

namespace flowgen {

struct IdentityNames {
    std::map<Identity, std::string> identities;      ///< NAMESPACE{key=value,…} of pods, "node NAME" of other nodes
    std::map<std::uint64_t, std::string> namespaces; ///< by namespace bits
};

[[nodiscard]] IdentityNames name_identities(const ClusterState& state);

/// The identities that a flow matches on; empty if it matches on none.
[[nodiscard]] std::string describe(const Match& match, const IdentityNames& names);

} // namespace flowgen
