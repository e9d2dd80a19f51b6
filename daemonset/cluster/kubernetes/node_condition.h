// Keeps the condition NetworkUnavailable of this node's Node object as the agent wants it.
//
//   report(what it is to say) ──┐
//   seen(what it says) ─────────┴─► different? ──► PATCH nodes/NAME/status ──► the API, and back as seen
//                                                    └► failed: pause, again
//
// Nothing is written while both are the same. Somebody else's change and a Node object made anew are differences like
// any other. Source: Kubernetes API reference, NodeCondition; strategic merge patch, whose key of conditions is `type`.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/base/backoff.h"
#include "daemonset/cluster/kubernetes/client/api_session.h"
#include "daemonset/cluster/kubernetes/own_node.h"
#include "daemonset/cluster/network_report.h"

#include <chrono>
#include <optional>
#include <string>

namespace agent::kubernetes {

class NodeCondition {
  public:
    NodeCondition(ApiServers& servers, const std::string& node);

    /// What it is to say from now on; nothing: as it stands.
    void report(const std::optional<NetworkReport>& report);
    /// What the API says of this node.
    void seen(const SeenNode& node);

    /// Works for good.
    [[nodiscard]] Task<> run();

  private:
    [[nodiscard]] bool is_due() const { return wanted_ && seen_.exists && seen_.network != *wanted_; }
    [[nodiscard]] Task<outcome::Result<void>> write();

    ApiServers& servers_;
    std::string path_; ///< of the Node's status
    ApiSession session_;
    std::optional<ConditionText> wanted_;
    SeenNode seen_;
    bool agreed_ = false; ///< the API said what is wanted, so that a difference is somebody else's
    Wakeup changed_;
    FailureLog failure_{"setting the node's condition NetworkUnavailable"};
    Backoff backoff_;
};

/// Takes the condition from the Node object if it is this agent's; returns whether it was.
/// Errors: the API does not answer, or refuses.
[[nodiscard]] Task<outcome::Result<bool>> remove_condition(ApiServers& servers, std::string node);

} // namespace agent::kubernetes
