// The node agent: its parts, and who tells whom.
//
//   ClusterSource ────┐                                ┌─► SwitchLink: bridge, tunnel port, connections
//   HostNetwork ──────┼─► NodeState ──► Reconciler ────┴─► flows
//   CniServer ──► CniVerbs ──► Attachments ──┘             HttpServer: metrics, health, debugging
//                                                          CniInstallation, when all of them are ready
//   Obstacle, of all of them ──► Verdict ──► log, ClusterSource::report
//
// One thread, one event loop. Ending the agent leaves flows, ports and gateway as they are: starting again is the
// normal path, and no packet is to notice.
#pragma once

#include "daemonset/cluster/cluster_source.h"
#include "daemonset/cni/cni_server.h"
#include "daemonset/cni/cni_verbs.h"
#include "daemonset/health/http_server.h"
#include "daemonset/health/obstacle.h"
#include "daemonset/host/host_network.h"
#include "daemonset/reconcile/switch_link.h"
#include "ovs-cni/netlink/change_monitor.h"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

namespace agent {

class NodeAgent {
  public:
    NodeAgent(boost::asio::io_context& context, NodeConfiguration configuration);

    /// Opens what must be there from the start, and begins to work. The CNI socket is open before pods can be served,
    /// so that STATUS can say what is missing. Errors: httpAddress or cniSocket is taken, or netlink cannot be used.
    [[nodiscard]] outcome::Result<void> start();
    /// Takes no more requests, lets those under way finish within a moment, and stops the event loop.
    [[nodiscard]] boost::asio::awaitable<void> shut_down();

  private:
    template <typename T> using Awaitable = boost::asio::awaitable<T>;

    /// What keeps pods from being served at this moment: what an administrator has to put right comes first.
    [[nodiscard]] std::optional<Obstacle> obstacle() const;
    [[nodiscard]] std::optional<Obstacle> host_obstacle() const;
    [[nodiscard]] std::optional<Obstacle> switch_obstacle() const;
    /// Its message; empty when pods can be served.
    [[nodiscard]] std::string unready() const;
    [[nodiscard]] const std::vector<ipam::Prefix>& pod_cidrs() const;
    [[nodiscard]] outcome::Result<CompileInput> compile_input();
    void cluster_changed(ClusterSource::Changed changed);

    /// Asks for the host's network to be looked at; returns the number to wait for.
    std::uint64_t refresh_host();
    Awaitable<void> follow_host();
    Awaitable<void> watch_links();
    [[nodiscard]] outcome::Result<void> bring_host_in_line(bool look_for_foreign_changes);

    /// Waits until pods can be served, then puts plugin and conflist in place; tries again until it has.
    Awaitable<void> install_when_ready();
    /// Says in the log, and to the cluster, whether this node's network is available.
    Awaitable<void> report_network();

    void serve_pages();
    Awaitable<HttpAnswer> synchronise();
    [[nodiscard]] HttpAnswer metrics_page();
    [[nodiscard]] nlohmann::json debug_page() const;

    boost::asio::io_context& context_;
    Metrics metrics_;
    NodeState node_;
    Attachments attachments_;
    Reconciler reconciler_;
    SwitchLink switch_link_;
    std::unique_ptr<ClusterSource> source_;
    CniVerbs verbs_;
    CniServer cni_server_;
    HttpServer http_server_;

    std::optional<HostNetwork> host_network_;
    std::optional<ovs_cni::netlink::ChangeMonitor> link_changes_;
    Condition host_changed_;
    std::uint64_t host_wanted_ = 0; ///< number of the newest reason to look at the host
    std::uint64_t host_done_ = 0;
    Condition progress_; ///< obstacle() may have another answer
    TroubleLog install_trouble_{"installing the CNI plugin and its configuration"};
    TroubleLog host_trouble_{"bringing the host's network in line"};
};

} // namespace agent
