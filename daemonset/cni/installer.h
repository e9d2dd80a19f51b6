// Installs the plugin and its conflist as soon as pods can be served, and logs it.
//
//   Readiness: ready ──► install_cni ──► the container runtime finds the network
//                           └─► failed: retried, at the latest with the next periodic check of the host
#pragma once

#include "daemonset/base/log.h"
#include "daemonset/health/network_reporter.h"
#include "daemonset/health/readiness.h"
#include "daemonset/node/node_configuration.h"

#include <optional>

namespace agent {

class Installer : public PluginInstallation {
  public:
    Installer(const NodeConfiguration& configuration, Readiness& readiness)
        : configuration_(configuration), readiness_(readiness) {}

    /// Waits until pods can be served, then writes plugin and conflist, with retries. Does nothing
    /// where the administrator installs them.
    [[nodiscard]] Task<> run();
    [[nodiscard]] std::optional<Obstacle> installation_obstacle() const override;

  private:
    const NodeConfiguration& configuration_;
    Readiness& readiness_;
    FailureLog failure_{"installing the CNI plugin and its configuration"};
};

} // namespace agent
