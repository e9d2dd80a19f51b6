// The agent's pages for administrators, the kubelet and Prometheus.
//
//   GET /healthz, /readyz, /metrics, /debug, /debug/sync ──► the state of the agent's parts ──► HttpAnswer
#pragma once

#include "daemonset/attachments/attachments.h"
#include "daemonset/base/metrics.h"
#include "daemonset/cluster/cluster_source.h"
#include "daemonset/health/http_server.h"
#include "daemonset/health/readiness.h"
#include "daemonset/host/host_follower.h"
#include "daemonset/node/node_state.h"
#include "daemonset/reconcile/reconciler.h"

#include <nlohmann/json_fwd.hpp>

namespace agent {

class NodePages {
  public:
    /// The parts that the pages show, and that /debug/sync triggers.
    struct Parts {
        const NodeState& node;
        ClusterSource& source;
        HostFollower& host;
        Reconciler& reconciler;
        const Attachments& attachments;
        const Readiness& readiness;
    };

    NodePages(Metrics& metrics, Parts parts);

    /// Must outlive `server`.
    void serve_on(HttpServer& server);

  private:
    /// Reads everything again, and returns when the switch holds the result.
    Task<HttpAnswer> synchronise();
    [[nodiscard]] HttpAnswer metrics_page();
    [[nodiscard]] nlohmann::json debug_page() const;

    Metrics& metrics_;
    Parts parts_;
};

} // namespace agent
