// Whether pods can be served on this node at this moment and, if not, why.
//
//   ClusterSource ──┐
//   NodeState     ──┤
//   HostFollower  ──┼─► Readiness ──► CniVerbs (ADD, STATUS), Installer, NetworkReporter, NodePages
//   SwitchLink    ──┤
//   Reconciler    ──┤
//   Attachments   ──┘
#pragma once

#include "daemonset/attachments/attachments.h"
#include "daemonset/base/wakeup.h"
#include "daemonset/cluster/cluster_source.h"
#include "daemonset/health/obstacle.h"
#include "daemonset/host/host_follower.h"
#include "daemonset/node/node_state.h"
#include "daemonset/reconcile/reconciler.h"
#include "daemonset/reconcile/switch_link.h"

#include <optional>
#include <string>
#include <vector>

namespace agent {

class Readiness {
  public:
    /// The parts that it reads.
    struct Parts {
        const NodeState& node;
        const ClusterSource& source;
        const HostFollower& host;
        const SwitchLink& switch_link;
        const Reconciler& reconciler;
        const Attachments& attachments;
    };

    Readiness(boost::asio::any_io_executor executor, Parts parts) : parts_(parts), changed_(std::move(executor)) {}

    /// Why pods cannot be served; faults that an administrator has to fix come first.
    [[nodiscard]] std::optional<Obstacle> obstacle() const;
    /// Its message; empty when pods can be served.
    [[nodiscard]] std::string unready() const;

    /// A part's state may have changed: waiting coroutines check again.
    void may_have_changed() { changed_.notify_all(); }
    [[nodiscard]] Task<bool> wait_for_change(TimePoint deadline = kNever) { return changed_.wait_until(deadline); }

  private:
    [[nodiscard]] std::optional<Obstacle> host_obstacle() const;
    [[nodiscard]] std::optional<Obstacle> switch_obstacle() const;
    [[nodiscard]] const std::vector<ipam::Prefix>& pod_cidrs() const;

    Parts parts_;
    Wakeup changed_;
};

} // namespace agent
