// Follows the directory of manifests and hands its state to the rest of the agent.
//
//   ManifestDirectory ── Change ──► log ──► NodeState::cluster ──► Listener::cluster_changed
//
// The state is used from the moment at which every file has been valid. Until then it is not known
// to be complete: an agent that starts beside a broken policy file would otherwise remove that
// policy from a switch that still has it.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/base/log.h"
#include "daemonset/cluster/cluster_source.h"
#include "daemonset/cluster/manifests/manifest_directory.h"
#include "daemonset/node/node_state.h"

#include <memory>
#include <string>
#include <vector>

namespace agent {

class ManifestFollower : public ClusterSource {
  public:
    ManifestFollower(boost::asio::any_io_executor executor, NodeState& node, Listener& listener);

    /// Follows for good, and waits for a directory that does not exist yet.
    [[nodiscard]] Task<> run() override;

    /// Reads again now every file that differs. Errors: the directory is not open.
    [[nodiscard]] outcome::Result<void> rescan() override;
    /// The current errors, a line each.
    [[nodiscard]] std::vector<std::string> errors() const override;
    /// Why the state cannot be used yet; empty when it can.
    [[nodiscard]] std::string last_error() const override;
    void report(const std::optional<NetworkReport>& /*report*/) override {}

  private:
    /// Follows until something breaks, and returns the reason.
    [[nodiscard]] Task<outcome::Error> follow();
    void take(const cluster::Change& change);

    boost::asio::any_io_executor executor_;
    NodeState& node_;
    Listener& listener_;
    std::unique_ptr<cluster::ManifestDirectory> directory_;
    FailureLog opening_{"reading the directory of manifests"};
};

} // namespace agent
