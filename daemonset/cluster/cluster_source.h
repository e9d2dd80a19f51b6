// Where the cluster's objects come from. The agent does not know which source it has.
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
    /// What of the cluster has changed.
    struct Changed {
        bool nodes = false; ///< Node objects among it
    };
    /// Learns that a change is in NodeState::cluster; a burst of changes is one call.
    class Listener : public Interface {
      public:
        virtual void cluster_changed(Changed changed) = 0;
    };

    /// Follows for good; what is not there yet is waited for.
    [[nodiscard]] virtual Task<> run() = 0;
    /// Takes over now whatever could have been missed. Errors: nothing can be read yet.
    [[nodiscard]] virtual outcome::Result<void> rescan() = 0;
    /// What is wrong at present, a line each.
    [[nodiscard]] virtual std::vector<std::string> errors() const = 0;
    /// Why the state does not count yet; empty when it does.
    [[nodiscard]] virtual std::string last_error() const = 0;
    /// What the cluster is to be told of this node's network from now on; nothing: what it was told last stands.
    /// A source that only the administrator writes is told nothing.
    virtual void report(const std::optional<NetworkReport>& report) = 0;
};

} // namespace agent
