// Keeps the condition NetworkUnavailable of this node's Node object as the agent wants it.
//
//   report(wanted condition) ───┐
//   seen(current condition) ────┴─► different? ──► PATCH nodes/NAME/status ──► the API, and back as seen
//                                                    └► failed: pause, again
//
// Nothing is written while the two are equal. A change by another component and a recreated Node
// object are differences like any other. Source: Kubernetes API reference, NodeCondition; strategic
// merge patch, whose key of conditions is `type`.
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

    /// The wanted condition from now on; nothing: leave it as it is.
    void report(const std::optional<NetworkReport>& report);
    /// The condition of this node in the API.
    void seen(const SeenNode& node);

    /// Runs for good.
    [[nodiscard]] Task<> run();

  private:
    [[nodiscard]] bool is_due() const { return wanted_ && seen_.exists && seen_.network != *wanted_; }
    [[nodiscard]] Task<outcome::Result<void>> write();

    ApiServers& servers_;
    std::string path_; ///< of the Node's status
    ApiSession session_;
    std::optional<ConditionText> wanted_;
    SeenNode seen_;
    bool agreed_ = false; ///< the API had the wanted condition: a difference is another component's
    Wakeup changed_;
    FailureLog failure_{"setting the node's condition NetworkUnavailable"};
    Backoff backoff_;
};

/// Takes the condition from the Node object if it is this agent's; returns whether it was.
/// Errors: the API does not answer, or refuses.
[[nodiscard]] Task<outcome::Result<bool>> remove_condition(ApiServers& servers, std::string node);

} // namespace agent::kubernetes
