// Follows the directory of manifests and hands its state to the rest of the agent.
//
//   ManifestDirectory ── Change ──► log ──► NodeState::cluster ──► on_change(what changed)
//
// The state counts from the first moment at which every file was right. Until then nothing is known to be complete: an
// agent that starts beside a broken policy file would otherwise take that policy out of a switch that still has it.
#pragma once

#include "daemonset/base/log.h"
#include "daemonset/cluster/cluster_source.h"
#include "daemonset/cluster/manifests/manifest_directory.h"
#include "daemonset/node/node_state.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace agent {

class ManifestFollower : public ClusterSource {
  public:
    ManifestFollower(boost::asio::any_io_executor executor, NodeState& node, OnChange on_change);

    /// Follows for good; a directory that is not there yet is waited for.
    [[nodiscard]] boost::asio::awaitable<void> run() override;

    /// Reads again whatever differs, now. Errors: the directory is not open.
    [[nodiscard]] outcome::Result<void> rescan() override;
    /// What is wrong at present, a line each.
    [[nodiscard]] std::vector<std::string> errors() const override;
    /// Why the state does not count yet; empty when it does.
    [[nodiscard]] std::string trouble() const override;
    void report(const std::optional<NetworkReport>& /*report*/) override {}

  private:
    /// Follows until something breaks, and says what.
    [[nodiscard]] boost::asio::awaitable<outcome::Error> follow();
    void take(const cluster::Change& change);

    boost::asio::any_io_executor executor_;
    NodeState& node_;
    OnChange on_change_;
    std::unique_ptr<cluster::ManifestDirectory> directory_;
    TroubleLog opening_{"reading the directory of manifests"};
    Condition pause_; ///< never notified: what waits on it only lets time pass
};

} // namespace agent
