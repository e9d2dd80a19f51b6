// Follows the cluster in the Kubernetes API and hands its state to the rest of the agent.
//
//   ResourceFollower ×6 ──► ClusterView ──► NodeState::cluster ──► Listener::cluster_changed
//                               └──► this node's own object ──► NodeCondition ◄── report(of its network)
//
// The state is used from the moment at which every resource has been listed. From then on it stays,
// whatever happens to the API servers.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/cluster/cluster_source.h"
#include "daemonset/cluster/kubernetes/cluster_view.h"
#include "daemonset/cluster/kubernetes/node_condition.h"
#include "daemonset/cluster/kubernetes/resource_follower.h"
#include "daemonset/node/node_state.h"

#include <memory>
#include <string>
#include <vector>

namespace agent::kubernetes {

class ApiFollower : public ClusterSource, private ResourceFollower::Listener {
  public:
    ApiFollower(const boost::asio::any_io_executor& executor, NodeState& node, ClusterSource::Listener& listener,
                ReadAccess read, Timing timing = {});

    [[nodiscard]] Task<> run() override;
    /// The API reports every change, so there is nothing to read again.
    [[nodiscard]] outcome::Result<void> rescan() override;
    [[nodiscard]] std::vector<std::string> errors() const override;
    [[nodiscard]] std::string last_error() const override;
    void report(const std::optional<NetworkReport>& report) override { condition_.report(report); }

  private:
    /// Reports the changes, once everything has been listed.
    void settled() override;
    [[nodiscard]] bool synchronised() const;

    NodeState& node_;
    ClusterSource::Listener& listener_;
    ApiServers servers_;
    ClusterView view_;
    NodeCondition condition_;
    std::vector<std::unique_ptr<ResourceFollower>> followers_;
};

} // namespace agent::kubernetes
