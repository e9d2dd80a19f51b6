// The source of the cluster's objects. The agent does not know which one it has.
//
//   ManifestFollower ──────────┐
//   kubernetes::ApiFollower ───┴─► NodeState::cluster ──► Listener::cluster_changed
//                          ◄────── report(of this node's network)
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/base/interface.h"
#include "daemonset/cluster/network_report.h"
#include "outcome/result.h"

#include <optional>
#include <string>
#include <vector>

namespace agent {

class ClusterSource : public Interface {
  public:
    /// Which objects of the cluster have changed.
    struct Changed {
        bool nodes = false; ///< Node objects among it
    };
    /// Notified when a change is in NodeState::cluster; a burst of changes is one call.
    class Listener : public Interface {
      public:
        virtual void cluster_changed(Changed changed) = 0;
    };

    /// Follows the source for good, and waits for one that does not exist yet.
    [[nodiscard]] virtual Task<> run() = 0;
    /// Reads now whatever could have been missed. Errors: nothing can be read yet.
    [[nodiscard]] virtual outcome::Result<void> rescan() = 0;
    /// The current errors, a line each.
    [[nodiscard]] virtual std::vector<std::string> errors() const = 0;
    /// Why the state cannot be used yet; empty when it can.
    [[nodiscard]] virtual std::string last_error() const = 0;
    /// The report on this node's network that the cluster shows from now on; nothing: its last
    /// report stays. A source that only the administrator writes ignores it.
    virtual void report(const std::optional<NetworkReport>& report) = 0;
};

} // namespace agent
