#include "daemonset/switch/ovsdb/switch_database.h"

#include "daemonset/switch/ovsdb/bridge_transaction.h"
#include "daemonset/switch/ovsdb/database_session.h"

#include <boost/asio/this_coro.hpp>

namespace agent {

using outcome::Error;
using outcome::fail;
using outcome::Result;

namespace {

constexpr auto kPatience = std::chrono::seconds(30);

/// Runs a transaction and waits until the switch has applied it. `counted` is the index of its
/// configuration number.
Task<Result<void>> run_and_follow(std::shared_ptr<DatabaseSession> session, Transaction transaction, std::string what) {
    const auto counted = transaction.count_configuration();
    const auto answer = co_await session->run(std::move(transaction));
    if (!answer) co_return fail(what + ": " + answer.error().message);
    const auto configuration = answer->at(counted).at("rows").at(0).at("next_cfg").get<std::int64_t>();
    co_return co_await session->followed(configuration, what);
}

/// Waits until the switch reports whether it can use this interface.
Task<Result<std::uint32_t>> ofport_of(std::shared_ptr<DatabaseSession> session, RowId id, std::string what) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        if (session->lost()) co_return std::unexpected(*session->lost());
        const auto found = session->view().interfaces.find(id);
        if (found == session->view().interfaces.end())
            co_return fail(what + ": the port was removed before the switch used it");
        const auto& row = found->second;
        if (row.ofport.value_or(0) > 0) co_return static_cast<std::uint32_t>(*row.ofport);
        if (row.ofport.value_or(0) < 0)
            co_return fail(what + ": the switch cannot use it: " + (row.error.empty() ? "no reason given" : row.error));
        if (std::chrono::steady_clock::now() >= deadline)
            co_return fail(what + ": ovs-vswitchd did not open it in time (is it running?)");
        co_await session->changed(deadline);
    }
}

Json interface_row(const PortRequest& request) {
    Json row{
        {"type", request.type}, {"options", map_of(request.options)}, {"external_ids", map_of(request.external_ids)}};
    if (request.ofport != 0) row["ofport_request"] = request.ofport;
    return row;
}

} // namespace

Task<Result<std::unique_ptr<SwitchDatabase>>> SwitchDatabase::connect(std::string socket) {
    const auto session =
        std::make_shared<DatabaseSession>(co_await boost::asio::this_coro::executor, std::move(socket));
    auto database = std::make_unique<SwitchDatabase>(session);
    CO_RETURN_IF_ERROR(co_await session->open());
    co_return database;
}

SwitchDatabase::SwitchDatabase(std::shared_ptr<DatabaseSession> session) : session_(std::move(session)) {}

SwitchDatabase::~SwitchDatabase() { close(); }

void SwitchDatabase::close() { session_->close(Error{"the connection to " + session_->path() + " was closed"}); }

const DatabaseView& SwitchDatabase::view() const { return session_->view(); }

std::uint32_t SwitchDatabase::next_ofport() { return session_->next_ofport(); }

Task<DatabaseEvent> SwitchDatabase::next_event() { return session_->next_event(); }

Task<Result<void>> SwitchDatabase::ensure_bridge(BridgeSettings settings) {
    CO_RETURN_IF_ERROR(co_await session_->refresh());
    auto transaction = bridge_transaction(session_->view(), settings);
    if (transaction.empty()) co_return Result<void>{};
    co_return co_await run_and_follow(session_, std::move(transaction), "configure bridge " + settings.name);
}

Task<Result<std::uint32_t>> SwitchDatabase::ensure_port(std::string bridge, PortRequest request) {
    const std::string what = "configure port " + request.name + " of bridge " + bridge;
    CO_RETURN_IF_ERROR(co_await session_->refresh());
    const auto id = session_->view().interface_id(request.name);
    if (id.empty()) co_return co_await add_port(std::move(bridge), std::move(request));
    const auto& row = session_->view().interfaces.at(id);
    const bool right = row.type == request.type && row.options == request.options &&
                       row.external_ids == request.external_ids && row.ofport.value_or(0) > 0;
    if (!right) {
        Transaction transaction;
        transaction.update("Interface", where_name(request.name), interface_row(request));
        CO_RETURN_IF_ERROR(co_await run_and_follow(session_, std::move(transaction), what));
    }
    co_return co_await ofport_of(session_, id, what);
}

Task<Result<std::uint32_t>> SwitchDatabase::add_port(std::string bridge, PortRequest request) {
    const std::string what = "add port " + request.name + " to bridge " + bridge;
    if (session_->view().bridge(bridge) == nullptr) co_return fail(what + ": there is no such bridge");
    if (!session_->view().port_id(request.name).empty()) co_return fail(what + ": a port of this name exists already");
    Transaction transaction;
    transaction.require("Bridge", bridge);
    // Name is an index of these tables: if two clients add the same port at once, the second one
    // fails.
    auto row = interface_row(request);
    row["name"] = request.name;
    const auto inserted = transaction.insert("Interface", "interface", std::move(row));
    transaction.insert("Port", "port", {{"name", request.name}, {"interfaces", named_uuid("interface")}});
    transaction.mutate("Bridge", where_name(bridge), "ports", "insert", set_of(Json::array({named_uuid("port")})));
    transaction.count_configuration();
    const auto answer = co_await session_->run(std::move(transaction));
    if (!answer) co_return fail(what + ": " + answer.error().message);
    const auto id = answer->at(inserted).at("uuid").at(1).get<std::string>();
    auto ofport = co_await ofport_of(session_, id, what);
    if (!ofport && !session_->lost()) {
        std::vector<std::string> names{request.name};
        const auto removed = co_await remove_ports(bridge, std::move(names), RemovalWait::Database);
        if (!removed)
            co_return fail(ofport.error().message + "; and the port could not be removed: " + removed.error().message);
    }
    co_return ofport;
}

Task<Result<void>> SwitchDatabase::remove_ports(std::string bridge, std::vector<std::string> names, RemovalWait wait) {
    std::string what = "remove ports of bridge " + bridge + ":";
    Json ids = Json::array();
    for (const auto& name : names)
        if (const auto id = session_->view().port_id(name); !id.empty()) {
            ids.push_back(uuid(id));
            what += " " + name;
        }
    if (ids.empty()) co_return Result<void>{};
    Transaction transaction;
    // Rows of Port and Interface disappear with the last reference to them.
    transaction.mutate("Bridge", where_name(bridge), "ports", "delete", set_of(std::move(ids)));
    if (wait == RemovalWait::Switch) co_return co_await run_and_follow(session_, std::move(transaction), what);
    transaction.count_configuration();
    const auto answer = co_await session_->run(std::move(transaction));
    if (!answer) co_return fail(what + ": " + answer.error().message);
    co_return Result<void>{};
}

Task<Result<void>> SwitchDatabase::write_record(std::string interface, TextMap external_ids) {
    const std::string what = "write the record of interface " + interface;
    Transaction transaction;
    transaction.require("Interface", interface);
    transaction.update("Interface", where_name(interface), {{"external_ids", map_of(external_ids)}});
    const auto answer = co_await session_->run(std::move(transaction));
    if (!answer) co_return fail(what + ": " + answer.error().message);
    co_return Result<void>{};
}

Task<Result<bool>> SwitchDatabase::remove_bridge(std::string name) {
    const std::string what = "remove bridge " + name;
    CO_RETURN_IF_ERROR(co_await session_->refresh());
    const auto id = session_->view().bridge_id(name);
    if (id.empty()) co_return false;
    Transaction transaction;
    // Rows of Bridge, Port, Interface and Flow_Table disappear with the last reference to them.
    transaction.mutate("Open_vSwitch", Json::array(), "bridges", "delete", set_of(Json::array({uuid(id)})));
    CO_RETURN_IF_ERROR(co_await run_and_follow(session_, std::move(transaction), what));
    co_return true;
}

Task<Result<void>> SwitchDatabase::end_flow_restore() {
    Transaction transaction;
    transaction.mutate("Open_vSwitch", Json::array(), "other_config", "delete",
                       set_of(Json::array({"flow-restore-wait"})));
    co_return co_await run_and_follow(session_, std::move(transaction), "remove flow-restore-wait");
}

Task<Result<void>> SwitchDatabase::settle() {
    Transaction transaction;
    co_return co_await run_and_follow(session_, std::move(transaction), "wait for ovs-vswitchd");
}

} // namespace agent
