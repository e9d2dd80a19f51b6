// Reports to the log and to the cluster whether this node's network is available.
//
//   Readiness, PluginInstallation ──► Verdict, once it lasts ──► log, ClusterSource::report ──► the Node's condition
#pragma once

#include "daemonset/base/interface.h"
#include "daemonset/cluster/cluster_source.h"
#include "daemonset/health/readiness.h"

#include <optional>

namespace agent {

/// Reports whether the container runtime can find the plugin.
class PluginInstallation : public Interface {
  public:
    /// Nothing when plugin and conflist are in place.
    [[nodiscard]] virtual std::optional<Obstacle> installation_obstacle() const = 0;
};

class NetworkReporter {
  public:
    NetworkReporter(Readiness& readiness, const PluginInstallation& installation, ClusterSource& source)
        : readiness_(readiness), installation_(installation), source_(source) {}

    /// Runs for good.
    [[nodiscard]] Task<> run();

  private:
    Readiness& readiness_;
    const PluginInstallation& installation_;
    ClusterSource& source_;
};

} // namespace agent
