// The state of the node that the agent's parts share; the agent writes it, its parts read it. All
// on one thread.
#pragma once

#include "daemonset/base/wakeup.h"
#include "daemonset/node/host_view.h"
#include "daemonset/node/node_configuration.h"
#include "flowgen/state/cluster_state.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace agent {

class SwitchDatabase;

struct NodeState {
    NodeState(boost::asio::any_io_executor executor, NodeConfiguration wanted)
        : configuration(std::move(wanted)), changed(std::move(executor)) {}

    NodeConfiguration configuration;
    /// The state from the cluster source; null until all of it has been read without error once.
    /// The source shares ownership, and changes it while no coroutine of ours is in the middle of
    /// something.
    std::shared_ptr<const flowgen::ClusterState> cluster;
    std::optional<HostView> host;
    std::shared_ptr<SwitchDatabase> database; ///< null while it is not connected
    bool bridge_ready = false;                ///< bridge and tunnel port exist
    std::uint32_t tunnel_ofport = 0;          ///< 0 until the switch has assigned it
    Wakeup changed;                           ///< the cluster, or a verb in progress
};

} // namespace agent
