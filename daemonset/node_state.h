// What the agent's parts know of their node; the agent writes it, its parts read it. All on one thread.
#pragma once

#include "daemonset/condition.h"
#include "daemonset/node_configuration.h"
#include "daemonset/underlay.h"
#include "flowgen/cluster_state.h"
#include "ovs-cni/switch/switch_database.h"

#include <memory>
#include <optional>
#include <vector>

namespace agent {

/// What the host's own network says.
struct HostView {
    Underlay underlay;
    int mtu = 0;                            ///< of pods, routes and gateway, bytes
    std::vector<ipam::IpAddress> addresses; ///< of global scope, all links, without the gateway's own

    auto operator<=>(const HostView&) const = default;
};

struct NodeState {
    NodeState(boost::asio::any_io_executor executor, NodeConfiguration wanted)
        : configuration(std::move(wanted)), changed(std::move(executor)) {}

    NodeConfiguration configuration;
    /// What the cluster source says; null until all of it was read without error once.
    const flowgen::ClusterState* cluster = nullptr;
    std::optional<HostView> host;
    std::shared_ptr<ovs_cni::SwitchDatabase> database; ///< null while it is not connected
    std::uint32_t tunnel_ofport = 0;                   ///< 0 until the switch has given it
    Condition changed;                                 ///< the cluster, or what is under way for a pod
};

} // namespace agent
