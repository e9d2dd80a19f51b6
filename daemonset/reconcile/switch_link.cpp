#include "daemonset/reconcile/switch_link.h"

#include "daemonset/base/backoff.h"
#include "daemonset/host/gateway.h"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace agent {
namespace {

namespace asio = boost::asio;
using outcome::Error;
using outcome::Result;

constexpr auto kTunnelPort = "geneve0";
constexpr std::uint32_t kTunnelOfport = 1; ///< requested, so that it survives a restart of the switch

constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{2000};
/// A burst of foreign changes is repaired together, by one dump.
constexpr std::chrono::milliseconds kBurst{100};

} // namespace

SwitchLink::SwitchLink(asio::any_io_executor executor, NodeState& node, Attachments& attachments,
                       Reconciler& reconciler, HostFollower& host)
    : node_(node), attachments_(attachments), reconciler_(reconciler), host_(host), changed_(std::move(executor)) {}

Task<> SwitchLink::follow_database() {
    Backoff backoff(kFirstPause, kLongestPause);
    while (true) {
        const auto reason = co_await use_database();
        const auto lost = std::exchange(node_.database, nullptr);
        changed_.notify_all();
        database_failure_.failed(reason.message);
        if (lost) {
            backoff.reset(); // it worked until now
            host_.refresh();
        }
        co_await sleep_until(after(backoff.pause()));
    }
}

Task<Error> SwitchLink::use_database() {
    auto connected = co_await SwitchDatabase::connect(node_.configuration.ovsdb_socket.string());
    if (!connected) co_return connected.error();
    database_failure_.recovered();
    const std::shared_ptr<SwitchDatabase> database = std::move(*connected);
    for (const auto& problem : attachments_.load(database->view()))
        log_error("attachment not served", {{"reason", problem}});
    log_info("attachments read from the switch's database", {{"attachments", attachments_.records().size()}});
    node_.database = database;
    configuration_due_ = true;
    spawn(co_await asio::this_coro::executor, "configuring the bridge", follow_settings(database));
    spawn(co_await asio::this_coro::executor, "ending flow-restore-wait", end_flow_restore(database));
    reconciler_.request("attachments read from the switch's database");
    while (true) {
        const auto event = co_await database->next_event();
        if (const auto* const lost = std::get_if<DatabaseLost>(&event)) co_return lost->reason;
        take(std::get<DatabaseChange>(event), *database);
    }
}

void SwitchLink::take(const DatabaseChange& change, const SwitchDatabase& database) {
    for (const auto& problem : attachments_.refresh(database.view(), change.interfaces))
        log_error("attachment not served", {{"reason", problem}});
    if (attachments_.compile_is_stale()) reconciler_.request("attachments changed in the switch's database");
    const auto concerns = [&](const std::string& interface) {
        return std::ranges::binary_search(change.interfaces, interface);
    };
    if (change.bridge || concerns(kTunnelPort)) settings_changed();
    if (concerns(node_.configuration.bridge)) host_.refresh();
}

Task<> SwitchLink::follow_settings(std::shared_ptr<SwitchDatabase> database) {
    Backoff backoff(kFirstPause, kLongestPause);
    FailureLog failure("configuring the bridge");
    while (node_.database == database) {
        if (!configuration_due_ || !node_.host) {
            co_await changed_.wait();
            continue;
        }
        configuration_due_ = false;
        const auto configured = co_await configure(*database);
        if (configured) {
            failure.recovered();
            backoff.reset();
            node_.bridge_ready = true;
            changed_.notify_all();
            host_.refresh();
            continue;
        }
        configuration_due_ = true;
        if (node_.database != database) break;
        failure.failed(configured.error().message);
        co_await sleep_until(after(backoff.pause()));
    }
}

Task<> SwitchLink::end_flow_restore(std::shared_ptr<SwitchDatabase> database) {
    FailureLog failure("removing flow-restore-wait");
    while (node_.database == database) {
        if (!database->view().flow_restore_wait || !reconciler_.in_sync()) {
            co_await changed_.wait();
            continue;
        }
        // The flows may have been confirmed by another process, which has ended since: only a dump
        // from now on counts.
        const std::function<bool(const flowgen::FlowKey&)> every = [](const flowgen::FlowKey&) { return true; };
        const auto differences = co_await reconciler_.compare(every);
        if (node_.database != database) break;
        if (!differences || !differences->empty()) {
            failure.failed(differences ? differences->front() : differences.error().message);
            co_await sleep_until(after(kBurst));
            continue;
        }
        const auto ended = co_await database->end_flow_restore();
        if (ended) {
            failure.recovered();
            log_info("all flows are installed, flow-restore-wait is removed");
            continue;
        }
        failure.failed(ended.error().message);
        co_await sleep_until(after(kLongestPause));
    }
}

Task<Result<void>> SwitchLink::configure(SwitchDatabase& database) {
    const auto& configuration = node_.configuration;
    BridgeSettings bridge{.name = configuration.bridge,
                          .datapath = std::string(name(configuration.datapath)),
                          .gateway_mac = gateway_mac(configuration.node),
                          .mtu = node_.host->mtu};
    auto done = co_await database.ensure_bridge(std::move(bridge));
    if (!done) co_return done;
    PortRequest tunnel{
        .name = kTunnelPort,
        .type = "geneve",
        .ofport = kTunnelOfport,
        .options = {{"key", "flow"}, {"remote_ip", "flow"}, {"local_ip", node_.host->underlay.address.text()}},
        .external_ids = {}};
    CO_ASSIGN_OR_RETURN(const auto ofport, co_await database.ensure_port(configuration.bridge, std::move(tunnel)));
    if (node_.tunnel_ofport != ofport) {
        node_.tunnel_ofport = ofport;
        log_info("bridge and tunnel port are ready", {{"bridge", configuration.bridge},
                                                      {"tunnel_ofport", ofport},
                                                      {"tunnel_address", node_.host->underlay.address.text()},
                                                      {"mtu", node_.host->mtu}});
        reconciler_.request("tunnel port");
    }
    co_return Result<void>();
}

void SwitchLink::settings_changed() {
    configuration_due_ = true;
    changed_.notify_all();
}

Task<> SwitchLink::follow_switch() {
    Backoff backoff(kFirstPause, kLongestPause);
    while (true) {
        while (!node_.bridge_ready) co_await changed_.wait();
        const auto reason = co_await use_switch();
        if (reconciler_.in_sync()) backoff.reset();
        reconciler_.disconnected();
        switch_failure_.failed(reason.message);
        co_await sleep_until(after(backoff.pause()));
    }
}

Task<Error> SwitchLink::use_switch() {
    auto connected = co_await OpenFlowConnection::connect(node_.configuration.openflow_socket.string());
    if (!connected) co_return connected.error();
    const std::shared_ptr<OpenFlowConnection> connection = std::move(*connected);
    auto mapped = co_await connection->ensure_option_mapping();
    if (!mapped) co_return mapped.error();
    switch_failure_.recovered();
    reconciler_.connected(connection);
    host_.refresh(); // a restarted switch may have recreated the bridge's own port
    while (true) {
        const auto event = co_await connection->next_event();
        if (const auto* const lost = std::get_if<ConnectionLost>(&event)) co_return lost->reason;
        const auto& foreign = std::get<ForeignChange>(event);
        log_warning("flows of the bridge changed by another controller",
                    {{"changes", foreign.flows}, {"example", foreign.example}});
        co_await sleep_until(after(kBurst));
        reconciler_.resynchronise();
    }
}

std::string SwitchLink::last_error() const {
    if (!database_failure_.last_error().empty()) return database_failure_.last_error();
    if (!node_.database) return "the switch's database is not connected yet";
    if (!node_.bridge_ready) return "the bridge is not configured yet";
    return switch_failure_.last_error();
}

} // namespace agent
