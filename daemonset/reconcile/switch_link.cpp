#include "daemonset/reconcile/switch_link.h"

#include "daemonset/host/gateway.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace agent {
namespace {

namespace asio = boost::asio;
using outcome::Error;
using outcome::Result;

constexpr auto kTunnelPort = "geneve0";
constexpr std::uint32_t kTunnelOfport = 1; ///< asked for, so that it stays the same when the switch starts again

constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{2000};
/// Foreign changes that come in a burst are put right at once, by one dump.
constexpr std::chrono::milliseconds kBurst{100};

/// How long to wait before the next try: longer each time, until something has worked.
class Pause {
  public:
    [[nodiscard]] TimePoint next() {
        const auto deadline = after(pause_);
        pause_ = std::min(pause_ * 2, kLongestPause);
        return deadline;
    }
    void reset() { pause_ = kFirstPause; }

  private:
    std::chrono::milliseconds pause_ = kFirstPause;
};

} // namespace

SwitchLink::SwitchLink(asio::any_io_executor executor, NodeState& node, Attachments& attachments,
                       Reconciler& reconciler, std::function<void()> on_bridge)
    : node_(node), attachments_(attachments), reconciler_(reconciler), on_bridge_(std::move(on_bridge)),
      changed_(executor), pause_(executor) {}

asio::awaitable<void> SwitchLink::follow_database() {
    Pause pause;
    while (true) {
        const auto reason = co_await use_database();
        const auto lost = std::exchange(node_.database, nullptr);
        changed_.notify_all();
        database_trouble_.trouble(reason.message);
        if (lost) {
            pause.reset(); // it worked until now
            on_bridge_();
        }
        co_await pause_.wait_until(pause.next());
    }
}

asio::awaitable<Error> SwitchLink::use_database() {
    auto connected = co_await SwitchDatabase::connect(node_.configuration.ovsdb_socket.string());
    if (!connected) co_return connected.error();
    database_trouble_.over();
    const std::shared_ptr<SwitchDatabase> database = std::move(*connected);
    for (const auto& trouble : attachments_.load(database->view()))
        log_error("attachment not served", {{"reason", trouble}});
    log_info("attachments read from the switch's database", {{"attachments", attachments_.records().size()}});
    node_.database = database;
    configuration_due_ = true;
    asio::co_spawn(co_await asio::this_coro::executor, follow_settings(database), asio::detached);
    asio::co_spawn(co_await asio::this_coro::executor, end_flow_restore(database), asio::detached);
    reconciler_.request();
    while (true) {
        const auto event = co_await database->next_event();
        if (const auto* const lost = std::get_if<DatabaseLost>(&event)) co_return lost->reason;
        take(std::get<DatabaseChange>(event), *database);
    }
}

void SwitchLink::take(const DatabaseChange& change, const SwitchDatabase& database) {
    for (const auto& trouble : attachments_.refresh(database.view(), change.interfaces))
        log_error("attachment not served", {{"reason", trouble}});
    if (attachments_.compile_is_stale()) reconciler_.request();
    const auto concerns = [&](const std::string& interface) {
        return std::ranges::binary_search(change.interfaces, interface);
    };
    if (change.bridge || concerns(kTunnelPort)) settings_changed();
    if (concerns(node_.configuration.bridge)) on_bridge_();
}

asio::awaitable<void> SwitchLink::follow_settings(std::shared_ptr<SwitchDatabase> database) {
    Pause pause;
    TroubleLog trouble("configuring the bridge");
    while (node_.database == database) {
        if (!configuration_due_ || !node_.host) {
            co_await changed_.wait();
            continue;
        }
        configuration_due_ = false;
        const auto configured = co_await configure(*database);
        if (configured) {
            trouble.over();
            pause.reset();
            bridge_ready_ = true;
            changed_.notify_all();
            on_bridge_();
            continue;
        }
        configuration_due_ = true;
        if (node_.database != database) break;
        trouble.trouble(configured.error().message);
        co_await pause_.wait_until(pause.next());
    }
}

asio::awaitable<void> SwitchLink::end_flow_restore(std::shared_ptr<SwitchDatabase> database) {
    TroubleLog trouble("ending the switch's wait for its flows");
    while (node_.database == database) {
        if (!database->view().flow_restore_wait || !reconciler_.in_line()) {
            co_await changed_.wait();
            continue;
        }
        // What was confirmed may have been another process, which has ended since: only a dump from now counts.
        const std::function<bool(const flowgen::FlowKey&)> every = [](const flowgen::FlowKey&) { return true; };
        const auto differences = co_await reconciler_.compare(every);
        if (node_.database != database) break;
        if (!differences || !differences->empty()) {
            trouble.trouble(differences ? differences->front() : differences.error().message);
            co_await pause_.wait_until(after(kBurst));
            continue;
        }
        const auto ended = co_await database->end_flow_restore();
        if (ended) {
            trouble.over();
            log_info("the switch's flows are back, flow-restore-wait is removed");
            continue;
        }
        trouble.trouble(ended.error().message);
        co_await pause_.wait_until(after(kLongestPause));
    }
}

asio::awaitable<Result<void>> SwitchLink::configure(SwitchDatabase& database) {
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
        log_info("bridge and tunnel port are there", {{"bridge", configuration.bridge},
                                                      {"tunnel_ofport", ofport},
                                                      {"tunnel_address", node_.host->underlay.address.text()},
                                                      {"mtu", node_.host->mtu}});
        reconciler_.request();
    }
    co_return Result<void>();
}

void SwitchLink::settings_changed() {
    configuration_due_ = true;
    changed_.notify_all();
}

asio::awaitable<void> SwitchLink::follow_switch() {
    Pause pause;
    while (true) {
        while (!bridge_ready_) co_await changed_.wait();
        const auto reason = co_await use_switch();
        if (reconciler_.in_line()) pause.reset();
        reconciler_.disconnected();
        switch_trouble_.trouble(reason.message);
        co_await pause_.wait_until(pause.next());
    }
}

asio::awaitable<Error> SwitchLink::use_switch() {
    auto connected = co_await OpenFlowConnection::connect(node_.configuration.openflow_socket.string());
    if (!connected) co_return connected.error();
    const std::shared_ptr<OpenFlowConnection> connection = std::move(*connected);
    auto mapped = co_await connection->ensure_option_mapping();
    if (!mapped) co_return mapped.error();
    switch_trouble_.over();
    reconciler_.connected(connection);
    on_bridge_(); // a switch that has started again may have made the bridge's own port anew
    while (true) {
        const auto event = co_await connection->next_event();
        if (const auto* const lost = std::get_if<ConnectionLost>(&event)) co_return lost->reason;
        const auto& foreign = std::get<ForeignChange>(event);
        log_warning("somebody else changed flows of the bridge",
                    {{"changes", foreign.flows}, {"example", foreign.example}});
        co_await pause_.wait_until(after(kBurst));
        reconciler_.resynchronise();
    }
}

std::string SwitchLink::trouble() const {
    if (!database_trouble_.reason().empty()) return database_trouble_.reason();
    if (!node_.database) return "the switch's database is not connected yet";
    if (!bridge_ready_) return "the bridge is not configured yet";
    return switch_trouble_.reason();
}

} // namespace agent
