// The node agent: its parts, and who notifies whom. Each part is described in its own header.
//
//   ClusterSource ── cluster_changed ──┬─► Attachments: the PodCIDRs that addresses come from
//   (manifests, Kubernetes API)        ├─► HostFollower ── host_changed ──┬─► SwitchLink: bridge and tunnel port
//                                      │        ▲ enforce(HostPolicy)     │        │
//                                      └────────┼──────────► Reconciler ◄─┴────────┘ connected, resynchronise
//                                               └─────────────── │ ──► OpenFlow bundle, barrier
//                                                                └─ flows_confirmed ──► Attachments, SwitchLink
//   plugin ──► CniServer ──► CniVerbs ──► Attachments, SwitchDatabase, Reconciler
//
//   all of them ──► Readiness ──► CniVerbs, Installer, NodePages (HttpServer), NetworkReporter ──►
//   ClusterSource::report
//
// One thread, one event loop. Flows, ports and gateway stay when the agent exits: starting again is
// the normal path, and restarting the agent does not affect traffic.
#pragma once

#include "daemonset/attachments/attachments.h"
#include "daemonset/base/metrics.h"
#include "daemonset/cluster/cluster_source.h"
#include "daemonset/cni/cni_server.h"
#include "daemonset/cni/cni_verbs.h"
#include "daemonset/cni/installer.h"
#include "daemonset/health/http_server.h"
#include "daemonset/health/network_reporter.h"
#include "daemonset/health/node_pages.h"
#include "daemonset/health/readiness.h"
#include "daemonset/host/host_follower.h"
#include "daemonset/node/node_state.h"
#include "daemonset/reconcile/flow_input.h"
#include "daemonset/reconcile/reconciler.h"
#include "daemonset/reconcile/switch_link.h"

#include <memory>

namespace agent {

class NodeAgent : private ClusterSource::Listener, private HostFollower::Listener, private Reconciler::Listener {
  public:
    NodeAgent(boost::asio::io_context& context, NodeConfiguration configuration);

    /// Opens the sockets and starts the parts. The CNI socket is open before pods can be served, so
    /// that STATUS can report what is missing. Errors: httpAddress or cniSocket is in use, or
    /// netlink cannot be used.
    [[nodiscard]] outcome::Result<void> start();
    /// Accepts no more requests, lets those in flight finish within a moment, and stops the event
    /// loop.
    [[nodiscard]] Task<> shut_down();

  private:
    void cluster_changed(ClusterSource::Changed changed) override;
    void host_changed() override;
    void host_looked_at() override;
    void flows_confirmed(std::uint64_t generation) override;
    void flows_failed() override;

    boost::asio::io_context& context_;
    Metrics metrics_;
    NodeState node_;
    Attachments attachments_;
    std::unique_ptr<ClusterSource> source_;
    HostFollower host_;
    FlowInput flow_input_;
    Reconciler reconciler_;
    SwitchLink switch_link_;
    Readiness readiness_;
    Installer installer_;
    NetworkReporter reporter_;
    CniVerbs verbs_;
    CniServer cni_server_;
    NodePages pages_;
    HttpServer http_server_;
};

} // namespace agent
