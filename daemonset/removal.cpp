#include "daemonset/removal.h"

#include "daemonset/cluster/kubernetes/node_condition.h"
#include "daemonset/cni/cni_installation.h"
#include "daemonset/cni/cni_server.h"
#include "daemonset/host/gateway_link.h"
#include "daemonset/host/host_rules.h"
#include "daemonset/switch/ovsdb/switch_database.h"
#include "ovs-cni/netlink/link.h"
#include "ovs-cni/netlink/route.h"
#include "ovs-cni/protocol/veth_name.h"
#include "words/list.h"

#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

namespace agent {
namespace {

namespace asio = boost::asio;
namespace filesystem = std::filesystem;
namespace netlink = ovs_cni::netlink;
using outcome::Result;

/// Collects the results of the steps: a line about what was removed, empty when there was nothing.
class Steps {
  public:
    void take(const Result<std::string>& step) {
        if (!step)
            removal_.failed.push_back(step.error().message);
        else if (!step->empty())
            removal_.removed.push_back(*step);
    }
    void leave(std::string line) { removal_.left.push_back(std::move(line)); }
    [[nodiscard]] Removal take_all() { return std::move(removal_); }

  private:
    Removal removal_;
};

Result<std::string> remove_installation(const NodeConfiguration& configuration) {
    ASSIGN_OR_RETURN(const auto files, remove_cni(configuration));
    return words::join(files, [](const auto& file) { return file.string(); }, " and ");
}

Result<std::string> remove_routes(netlink::Socket& socket) {
    ASSIGN_OR_RETURN(const auto routes, netlink::routes_of_protocol(socket, netlink::kRouteProtocol));
    if (routes.empty()) return "";
    RETURN_IF_ERROR(remove_gateway_routes(socket));
    return fmt::format("{} routes to PodCIDRs", routes.size());
}

Result<std::string> remove_rules() {
    ASSIGN_OR_RETURN(const auto listing, list_nftables(kHostRulesTable));
    if (listing.empty()) return "";
    RETURN_IF_ERROR(run_nftables(fmt::format("delete table {}\n", kHostRulesTable)));
    return fmt::format("nftables table {}", kHostRulesTable);
}

/// A database that cannot be reached matters only if the bridge is still there: on the kernel's datapath it outlives
/// the switch's processes.
Result<std::string> without_database(netlink::Socket& socket, const std::string& bridge, const outcome::Error& reason) {
    ASSIGN_OR_RETURN(const auto link, netlink::find_link(socket, bridge));
    if (!link) return "";
    return outcome::fail("bridge " + bridge + " stays: " + reason.message +
                         "; start Open vSwitch, then remove again (without its database: ovs-dpctl del-dp ovs-system)");
}

Task<Result<std::string>> remove_bridge(netlink::Socket& socket, const NodeConfiguration& configuration) {
    const auto database = co_await SwitchDatabase::connect(configuration.ovsdb_socket.string());
    if (!database) co_return without_database(socket, configuration.bridge, database.error());
    if ((*database)->view().bridge(configuration.bridge) == nullptr) co_return "";
    // A switch that has just started must adopt the bridge before it can release its devices.
    CO_RETURN_IF_ERROR(co_await (*database)->settle());
    CO_ASSIGN_OR_RETURN(const auto removed, co_await (*database)->remove_bridge(configuration.bridge));
    if (!removed) co_return "";
    co_return "bridge " + configuration.bridge + " with its ports";
}

/// The host's ends of pods' interfaces; the other ends in the pods disappear with them.
Result<std::string> remove_pod_interfaces(netlink::Socket& socket) {
    ASSIGN_OR_RETURN(const auto links, netlink::links(socket));
    std::size_t count = 0;
    for (const auto& link : links) {
        if (link.kind != "veth" || !ovs_cni::is_host_name(link.name)) continue;
        ASSIGN_OR_RETURN(const auto deleted, netlink::delete_link(socket, link.name));
        if (deleted) ++count;
    }
    return count == 0 ? "" : fmt::format("{} interfaces of pods", count);
}

Result<std::string> remove_socket(const filesystem::path& path) {
    std::error_code error;
    const bool removed = filesystem::remove(path, error);
    if (error && error != std::errc::not_a_directory)
        return outcome::fail("remove " + path.string() + ": " + error.message());
    filesystem::remove(path.parent_path(), error); // other programs may have files in it, or it is a container's mount
    return removed ? path.string() : "";
}

constexpr auto kConditionPatch = R"({"status":{"conditions":[{"type":"NetworkUnavailable","$patch":"delete"}]}})";

/// Without its network, the node must not keep the condition that reports whether the network is
/// available.
Task<> remove_condition(const NodeConfiguration& configuration, Steps& steps) {
    if (!configuration.manifests.empty()) co_return; // such a cluster has no condition
    const auto& node = configuration.node;
    const auto by_hand =
        fmt::format("kubectl patch node {} --subresource=status --type=strategic --patch '{}'", node, kConditionPatch);
    if (const auto access = kubernetes::read_access(configuration); !access) {
        steps.leave(fmt::format("the condition NetworkUnavailable of node {}, because the Kubernetes API "
                                "cannot be reached from here ({}); to remove it: {}",
                                node, access.error().message, by_hand));
        co_return;
    }
    kubernetes::ApiServers servers(co_await asio::this_coro::executor,
                                   [&] { return kubernetes::read_access(configuration); });
    const auto removed = co_await kubernetes::remove_condition(servers, node);
    if (!removed)
        steps.take(outcome::fail(fmt::format("the condition NetworkUnavailable of node {} stays: {}; retry, or: {}",
                                             node, removed.error().message, by_hand)));
    else if (*removed)
        steps.take(fmt::format("the condition NetworkUnavailable of node {}", node));
}

} // namespace

Task<Removal> remove_network(NodeConfiguration configuration) {
    if (somebody_listens(configuration.cni_socket))
        co_return Removal{.removed = {},
                          .left = {},
                          .failed = {"nothing is removed: an agent is running on " + configuration.cni_socket.string() +
                                     " and would create everything again; stop it first (delete its DaemonSet)"}};
    auto socket = netlink::Socket::open();
    if (!socket) co_return Removal{.removed = {}, .left = {}, .failed = {socket.error().message}};
    Steps steps;
    steps.take(remove_installation(configuration));
    steps.take(remove_routes(*socket));
    steps.take(remove_rules());
    const auto bridge = co_await remove_bridge(*socket, configuration);
    steps.take(bridge);
    steps.take(remove_pod_interfaces(*socket));
    steps.take(remove_socket(configuration.cni_socket));
    co_await remove_condition(configuration, steps);
    co_return steps.take_all();
}

} // namespace agent
