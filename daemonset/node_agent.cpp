#include "daemonset/node_agent.h"

#include "daemonset/cluster/kubernetes/api_follower.h"
#include "daemonset/cluster/manifest_follower.h"

namespace agent {
namespace {

namespace asio = boost::asio;
using outcome::Result;

/// How long requests in flight may take when the agent exits.
constexpr std::chrono::seconds kFarewell{3};

/// The source that the node's configuration selects: a directory of manifests, or the Kubernetes
/// API.
std::unique_ptr<ClusterSource> make_cluster_source(const asio::any_io_executor& executor, NodeState& node,
                                                   ClusterSource::Listener& listener) {
    if (!node.configuration.manifests.empty()) return std::make_unique<ManifestFollower>(executor, node, listener);
    auto read = [&node] { return kubernetes::read_access(node.configuration); };
    return std::make_unique<kubernetes::ApiFollower>(executor, node, listener, std::move(read));
}

} // namespace

NodeAgent::NodeAgent(asio::io_context& context, NodeConfiguration configuration)
    : context_(context), node_(context.get_executor(), std::move(configuration)),
      source_(make_cluster_source(context.get_executor(), node_, *this)), host_(context.get_executor(), node_, *this),
      flow_input_(node_, *source_, attachments_),
      reconciler_(context.get_executor(), metrics_, flow_input_, host_, *this),
      switch_link_(context.get_executor(), node_, attachments_, reconciler_, host_),
      readiness_(context.get_executor(), {.node = node_,
                                          .source = *source_,
                                          .host = host_,
                                          .switch_link = switch_link_,
                                          .reconciler = reconciler_,
                                          .attachments = attachments_}),
      installer_(node_.configuration, readiness_), reporter_(readiness_, installer_, *source_),
      verbs_(node_, attachments_, reconciler_, readiness_), cni_server_(context, metrics_, verbs_),
      pages_(metrics_, {.node = node_,
                        .source = *source_,
                        .host = host_,
                        .reconciler = reconciler_,
                        .attachments = attachments_,
                        .readiness = readiness_}),
      http_server_(context) {}

Result<void> NodeAgent::start() {
    RETURN_IF_ERROR(host_.start());
    pages_.serve_on(http_server_);
    RETURN_IF_ERROR(http_server_.start(node_.configuration.http_address));
    RETURN_IF_ERROR(cni_server_.start(node_.configuration.cni_socket));
    const auto executor = context_.get_executor();
    spawn(executor, "following the cluster", source_->run());
    spawn(executor, "reconciling flows", reconciler_.run());
    spawn(executor, "following the switch's database", switch_link_.follow_database());
    spawn(executor, "following the switch", switch_link_.follow_switch());
    spawn(executor, "installing the CNI plugin", installer_.run());
    spawn(executor, "reporting the node's network", reporter_.run());
    log_info("agent started", {{"node", node_.configuration.node},
                               {"cluster", cluster_source_name(node_.configuration)},
                               {"bridge", node_.configuration.bridge},
                               {"datapath", name(node_.configuration.datapath)},
                               {"cni_socket", node_.configuration.cni_socket.string()},
                               {"http_port", http_server_.port()}});
    return {};
}

Task<> NodeAgent::shut_down() {
    cni_server_.stop();
    http_server_.stop();
    const auto deadline = after(kFarewell);
    while (cni_server_.requests_under_way() > 0 && std::chrono::steady_clock::now() < deadline)
        co_await node_.changed.wait_until(std::min(deadline, after(std::chrono::milliseconds(20))));
    log_info("agent exits; flows, ports and gateway stay as they are",
             {{"attachments", attachments_.records().size()}, {"requests_cut_off", cni_server_.requests_under_way()}});
    context_.stop();
}

void NodeAgent::cluster_changed(ClusterSource::Changed changed) {
    if (changed.nodes) {
        const auto own = node_.cluster->nodes.find(node_.configuration.node);
        const auto ranges = own == node_.cluster->nodes.end() ? std::vector<ipam::Prefix>() : own->second.pod_cidrs;
        if (auto set = attachments_.set_ranges(ranges); !set)
            log_error("no addresses for pods", {{"node", node_.configuration.node}, {"reason", set.error().message}});
        host_.refresh();
    }
    reconciler_.request("cluster changed");
    node_.changed.notify_all();
    readiness_.may_have_changed();
}

void NodeAgent::host_changed() {
    switch_link_.settings_changed();
    reconciler_.request("host's network changed");
}

void NodeAgent::host_looked_at() { readiness_.may_have_changed(); }

void NodeAgent::flows_confirmed(std::uint64_t generation) {
    attachments_.confirmed(generation);
    switch_link_.flows_confirmed();
    readiness_.may_have_changed();
}

void NodeAgent::flows_failed() { readiness_.may_have_changed(); }

} // namespace agent
