// Takes away from this node all that the network made there, so that another one finds it clean.
//
//   conflist, plugin ──► routes ──► nftables table ──► bridge with its ports ──► pods' interfaces ──► CNI socket
//       ──► the Node's condition
//
// The runtime loses sight of the network first, so that no pod is started into one that is half gone. Each step is
// tried whatever became of those before it, and finds nothing to do when it is called again.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/node/node_configuration.h"

#include <string>
#include <vector>

namespace agent {

/// What a removal did, a line each.
struct Removal {
    std::vector<std::string> removed;
    std::vector<std::string> left;   ///< what cannot be removed from here, why, and what to do
    std::vector<std::string> failed; ///< what is still there, why, and what to do

    auto operator<=>(const Removal&) const = default;
};

/// Removes everything in the calling thread's network namespace. Kernel settings, such as forwarding, stay: others may
/// need them by now. Fails whole while an agent runs, which would make everything again.
[[nodiscard]] Task<Removal> remove_network(NodeConfiguration configuration);

} // namespace agent
