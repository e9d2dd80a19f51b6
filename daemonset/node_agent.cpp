#include "daemonset/node_agent.h"

#include "daemonset/cluster/kubernetes/api_follower.h"
#include "daemonset/cluster/manifest_follower.h"
#include "daemonset/cni/cni_installation.h"
#include "daemonset/health/verdict.h"
#include "daemonset/host/gateway.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <unistd.h>

namespace agent {
namespace {

namespace asio = boost::asio;
using outcome::fail;
using outcome::Result;

/// How long requests under way may take when the agent is told to end.
constexpr std::chrono::seconds kFarewell{3};
/// Links and addresses change in bursts; a pod's interface that comes or goes is among them.
constexpr std::chrono::milliseconds kLinkBurst{200};
/// How often routes and the nftables table are looked at without a reason, because others may have changed them.
constexpr std::chrono::seconds kHostCheck{30};
constexpr std::chrono::milliseconds kFirstHostRetry{100};
constexpr std::chrono::milliseconds kLongestHostRetry{5000};

/// The source that the node's configuration asks for: a directory of manifests, or the Kubernetes API.
std::unique_ptr<ClusterSource> make_cluster_source(const asio::any_io_executor& executor, NodeState& node,
                                                   ClusterSource::OnChange on_change) {
    if (!node.configuration.manifests.empty())
        return std::make_unique<ManifestFollower>(executor, node, std::move(on_change));
    auto read = [&node] { return kubernetes::read_access(node.configuration); };
    return std::make_unique<kubernetes::ApiFollower>(executor, node, std::move(on_change), std::move(read));
}

} // namespace

NodeAgent::NodeAgent(asio::io_context& context, NodeConfiguration configuration)
    : context_(context), node_(context.get_executor(), std::move(configuration)),
      reconciler_(
          context.get_executor(), metrics_, [this] { return compile_input(); },
          [this](const flowgen::HostPolicy& policy) {
              return host_network_->enforce(policy, node_.configuration, *node_.cluster, *node_.host);
          },
          {.confirmed =
               [this](std::uint64_t generation) {
                   attachments_.confirmed(generation);
                   switch_link_.flows_confirmed();
                   progress_.notify_all();
               },
           .troubled = [this] { progress_.notify_all(); }}),
      switch_link_(context.get_executor(), node_, attachments_, reconciler_, [this] { refresh_host(); }),
      source_(make_cluster_source(context.get_executor(), node_, [this](auto changed) { cluster_changed(changed); })),
      verbs_(node_, attachments_, reconciler_, [this] { return unready(); }),
      cni_server_(context, metrics_,
                  {.answer = [this](ovs_cni::Request request) { return verbs_.answer(std::move(request)); },
                   .abandon = [this](ovs_cni::AddRequest request) { return verbs_.abandon(std::move(request)); }}),
      http_server_(context), host_changed_(context.get_executor()), progress_(context.get_executor()) {}

Result<void> NodeAgent::start() {
    ASSIGN_OR_RETURN(auto network, HostNetwork::open());
    host_network_.emplace(std::move(network));
    ASSIGN_OR_RETURN(auto changes, ovs_cni::netlink::ChangeMonitor::open());
    link_changes_.emplace(std::move(changes));
    serve_pages();
    RETURN_IF_ERROR(http_server_.start(node_.configuration.http_address));
    RETURN_IF_ERROR(cni_server_.start(node_.configuration.cni_socket));
    const auto work = [this](Awaitable<void> coroutine) {
        asio::co_spawn(context_, std::move(coroutine), asio::detached);
    };
    work(source_->run());
    work(reconciler_.run());
    work(switch_link_.follow_database());
    work(switch_link_.follow_switch());
    work(follow_host());
    work(watch_links());
    if (!node_.configuration.cni_config_directory.empty()) work(install_when_ready());
    work(report_network());
    log_info("agent started", {{"node", node_.configuration.node},
                               {"cluster", cluster_source_name(node_.configuration)},
                               {"bridge", node_.configuration.bridge},
                               {"datapath", name(node_.configuration.datapath)},
                               {"cni_socket", node_.configuration.cni_socket.string()},
                               {"http_port", http_server_.port()}});
    return {};
}

asio::awaitable<void> NodeAgent::shut_down() {
    cni_server_.stop();
    http_server_.stop();
    const auto deadline = after(kFarewell);
    while (cni_server_.requests_under_way() > 0 && std::chrono::steady_clock::now() < deadline)
        co_await node_.changed.wait_until(std::min(deadline, after(std::chrono::milliseconds(20))));
    log_info("agent ends; flows, ports and gateway stay as they are",
             {{"attachments", attachments_.records().size()}, {"requests_cut_off", cni_server_.requests_under_way()}});
    context_.stop();
}

std::string NodeAgent::unready() const {
    auto found = obstacle();
    return found ? std::move(found->message) : std::string();
}

std::optional<Obstacle> NodeAgent::obstacle() const {
    if (auto reason = source_->trouble(); !reason.empty()) return Obstacle{Cause::ClusterUnread, std::move(reason)};
    if (auto found = node_obstacle(*node_.cluster, node_.configuration.node)) return found;
    if (auto found = host_obstacle()) return found;
    if (auto found = switch_obstacle()) return found;
    if (host_done_ == 0) return Obstacle{Cause::HostNetworkFailed, "the gateway is not set up yet"};
    if (!host_trouble_.reason().empty()) return Obstacle{Cause::HostNetworkFailed, host_trouble_.reason()};
    return address_obstacle(attachments_.records(), pod_cidrs());
}

std::optional<Obstacle> NodeAgent::host_obstacle() const {
    if (node_.host) return mtu_obstacle(*node_.host, pod_cidrs());
    const auto& reason = host_trouble_.reason();
    return Obstacle{Cause::HostNetworkFailed, reason.empty() ? "the host's network has not been read yet" : reason};
}

std::optional<Obstacle> NodeAgent::switch_obstacle() const {
    if (auto reason = switch_link_.trouble(); !reason.empty())
        return Obstacle{Cause::SwitchUnavailable, std::move(reason)};
    const auto& reason = reconciler_.trouble();
    if (!reason.empty()) return Obstacle{Cause::FlowsNotInstalled, reason};
    if (!reconciler_.in_line()) return Obstacle{Cause::FlowsNotInstalled, "the switch's flows are not installed yet"};
    return std::nullopt;
}

const std::vector<ipam::Prefix>& NodeAgent::pod_cidrs() const {
    return node_.cluster->nodes.at(node_.configuration.node).pod_cidrs;
}

asio::awaitable<void> NodeAgent::report_network() {
    Verdict verdict;
    while (true) {
        auto found = obstacle();
        if (!found && !cni_is_installed(node_.configuration))
            found = Obstacle{Cause::PluginNotInstalled, install_trouble_.reason().empty()
                                                            ? "plugin and conflist are not in place yet"
                                                            : install_trouble_.reason()};
        if (verdict.observe(found, std::chrono::steady_clock::now())) {
            const auto& report = verdict.report();
            source_->report(report);
            if (report && report->unavailable)
                log_error("pods cannot be served", {{"reason", report->reason}, {"message", report->message}});
            else if (report)
                log_info("pods are served");
        }
        co_await progress_.wait_until(verdict.deadline());
    }
}

Result<CompileInput> NodeAgent::compile_input() {
    if (!node_.cluster) return fail(source_->trouble());
    if (!node_.host) return fail("the host's network has not been read yet");
    if (!attachments_.loaded() || node_.tunnel_ofport == 0) return fail("the switch's database has not been read yet");
    return CompileInput{.cluster = node_.cluster,
                        .local = {.name = node_.configuration.node,
                                  .tunnel_ofport = node_.tunnel_ofport,
                                  .tunnel_address = node_.host->underlay.address,
                                  .gateway_mac = gateway_mac(node_.configuration.node),
                                  .host_addresses = node_.host->addresses,
                                  .attachments = attachments_.for_compile(),
                                  .writes_nd_options = node_.configuration.datapath == Datapath::Netdev}};
}

void NodeAgent::cluster_changed(ClusterSource::Changed changed) {
    if (changed.nodes) {
        const auto own = node_.cluster->nodes.find(node_.configuration.node);
        const auto ranges = own == node_.cluster->nodes.end() ? std::vector<ipam::Prefix>() : own->second.pod_cidrs;
        if (auto set = attachments_.set_ranges(ranges); !set)
            log_error("no addresses for pods", {{"node", node_.configuration.node}, {"reason", set.error().message}});
        refresh_host();
    }
    reconciler_.request();
    node_.changed.notify_all();
    progress_.notify_all();
}

std::uint64_t NodeAgent::refresh_host() {
    ++host_wanted_;
    host_changed_.notify_all();
    return host_wanted_;
}

asio::awaitable<void> NodeAgent::follow_host() {
    auto retry = kFirstHostRetry;
    bool look_for_foreign_changes = false;
    while (true) {
        const auto wanted = host_wanted_;
        const auto done = bring_host_in_line(look_for_foreign_changes);
        if (done) {
            host_trouble_.over();
            retry = kFirstHostRetry;
            if (switch_link_.bridge_ready()) host_done_ = wanted;
        } else {
            host_trouble_.trouble(done.error().message);
            retry = std::min(retry * 2, kLongestHostRetry);
        }
        host_changed_.notify_all();
        progress_.notify_all();
        const auto deadline = done ? after(kHostCheck) : after(retry);
        look_for_foreign_changes = !co_await host_changed_.wait_until(deadline) && done;
    }
}

Result<void> NodeAgent::bring_host_in_line(bool look_for_foreign_changes) {
    if (!node_.cluster) return {};
    ASSIGN_OR_RETURN(auto view, host_network_->view(node_.configuration, *node_.cluster));
    if (node_.host != view) {
        log_info("the host's network", {{"tunnel_address", view.underlay.address.text()},
                                        {"underlay", view.underlay.link},
                                        {"underlay_mtu", view.underlay.mtu},
                                        {"pod_mtu", view.mtu},
                                        {"addresses", view.addresses.size()}});
        node_.host = std::move(view);
        switch_link_.settings_changed();
        reconciler_.request();
    }
    if (!switch_link_.bridge_ready()) return {};
    const auto changes = host_network_->apply(node_.configuration, *node_.cluster, *node_.host);
    if (!changes) return std::unexpected(changes.error());
    if (!changes->empty())
        log_info("the host's network was brought in line",
                 {{"changes", fmt::format("{}", fmt::format("{}", fmt::join(*changes, ", ")))}});
    if (!look_for_foreign_changes) return {};
    ASSIGN_OR_RETURN(const auto repaired, host_network_->repair_rules());
    if (repaired) log_warning("somebody else changed the nftables table, put right", {{"table", kHostRulesTable}});
    return {};
}

asio::awaitable<void> NodeAgent::install_when_ready() {
    while (!unready().empty()) co_await progress_.wait();
    auto installed = install_cni(node_.configuration, plugin_beside_program());
    while (!installed) {
        install_trouble_.trouble(installed.error().message);
        co_await progress_.wait(); // at the latest when the host is looked at again
        installed = install_cni(node_.configuration, plugin_beside_program());
    }
    install_trouble_.over();
    progress_.notify_all();
    for (const auto& path : installed->written) log_info("installed", {{"file", path.string()}});
    for (const auto& reason : installed->outdated)
        log_warning(
            "the conflist is of CNI version 1.0.0, so that the container runtime does not ask whether pods can be "
            "served, and cleans up nothing by itself: install newer CNI plugins",
            {{"reason", reason}});
    const auto folder = node_.configuration.cni_config_directory.string();
    if (!installed->after.empty())
        log_info("networks of others are there, which the container runtime passes over",
                 {{"folder", folder}, {"files", fmt::format("{}", fmt::join(installed->after, ", "))}});
    if (!installed->before.empty())
        log_warning("networks of others come first, so the container runtime will not use this one: remove them, or "
                    "set cniConfigFile to a name that sorts before them",
                    {{"folder", folder}, {"files", fmt::format("{}", fmt::join(installed->before, ", "))}});
}

asio::awaitable<void> NodeAgent::watch_links() {
    // A descriptor of its own, because the monitor closes the one that it has.
    asio::posix::stream_descriptor readable(context_, dup(link_changes_->fd()));
    while (true) {
        boost::system::error_code error;
        co_await readable.async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            log_error("changes of links are not noticed any more, only looked for",
                      {{"every_seconds", kHostCheck.count()}, {"reason", error.message()}});
            co_return;
        }
        asio::steady_timer burst(context_, kLinkBurst);
        co_await burst.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (link_changes_->drain()) refresh_host();
    }
}

} // namespace agent
