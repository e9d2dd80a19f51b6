// Follows the directory of manifests and hands its state to the rest of the agent.
//
//   ManifestDirectory ── Change ──► log ──► NodeState::cluster ──► Listener::cluster_changed
//
// The state counts from the first moment at which every file was right. Until then nothing is known to be complete: an
// agent that starts beside a broken policy file would otherwise take that policy out of a switch that still has it.
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

    /// Follows for good; a directory that is not there yet is waited for.
    [[nodiscard]] Task<> run() override;

    /// Reads again whatever differs, now. Errors: the directory is not open.
    [[nodiscard]] outcome::Result<void> rescan() override;
    /// What is wrong at present, a line each.
    [[nodiscard]] std::vector<std::string> errors() const override;
    /// Why the state does not count yet; empty when it does.
    [[nodiscard]] std::string last_error() const override;
    void report(const std::optional<NetworkReport>& /*report*/) override {}

  private:
    /// Follows until something breaks, and says what.
    [[nodiscard]] Task<outcome::Error> follow();
    void take(const cluster::Change& change);

    boost::asio::any_io_executor executor_;
    NodeState& node_;
    Listener& listener_;
    std::unique_ptr<cluster::ManifestDirectory> directory_;
    FailureLog opening_{"reading the directory of manifests"};
};

} // namespace agent
