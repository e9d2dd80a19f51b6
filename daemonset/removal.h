// Removes from this node everything that the network created, so that another one finds it clean.
//
//   conflist, plugin ──► routes ──► nftables table ──► bridge with its ports ──► pods' interfaces ──► CNI socket
//       ──► the Node's condition
//
// The conflist is removed first, so that the runtime starts no pod in a network that is half gone.
// Each step is tried whatever became of those before it, and all of them are idempotent.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/node/node_configuration.h"

#include <string>
#include <vector>

namespace agent {

/// What a removal did, a line each.
struct Removal {
    std::vector<std::string> removed;
    std::vector<std::string> left;   ///< parts that cannot be removed from here, why, and what to do
    std::vector<std::string> failed; ///< parts that are still there, why, and what to do

    auto operator<=>(const Removal&) const = default;
};

/// Removes everything in the calling thread's network namespace. Kernel settings, such as
/// forwarding, stay: other programs may need them by now. Removes nothing while an agent runs,
/// which would create everything again.
[[nodiscard]] Task<Removal> remove_network(NodeConfiguration configuration);

} // namespace agent
