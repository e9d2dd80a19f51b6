#include "daemonset/switch/ovsdb/database_session.h"

#include <algorithm>

namespace agent {

using outcome::fail;
using outcome::Result;

namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr std::uint32_t kLastOfport = 65279; ///< OpenFlow reserves 0xff00 and above

// Values as RFC 7047, section 5.1, writes them: a set of one is its element, an optional value is a set of none or one.

Json elements_of(const Json& value) {
    const bool is_set = value.is_array() && value.size() == 2 && value.at(0) == "set";
    return is_set ? value.at(1) : Json::array({value});
}

template <typename T> T first_or(const Json& value, T otherwise) {
    const auto elements = elements_of(value);
    return elements.empty() ? std::move(otherwise) : elements.at(0).template get<T>();
}

std::set<std::string> texts_of(const Json& value) {
    std::set<std::string> result;
    for (const auto& element : elements_of(value)) result.insert(element.get<std::string>());
    return result;
}

RowId row_id_of(const Json& value) { return value.at(1).get<std::string>(); }

TextMap text_map_of(const Json& value) {
    TextMap result;
    for (const auto& pair : value.at(1)) result[pair.at(0).get<std::string>()] = pair.at(1).get<std::string>();
    return result;
}

Json monitored_columns() {
    return {
        {"Open_vSwitch", {{"columns", {"next_cfg", "cur_cfg", "ovs_version", "other_config"}}}},
        // Not Bridge.ports: it would be sent whole with every port added or removed.
        {"Bridge", {{"columns", {"name", "datapath_type", "fail_mode", "protocols", "other_config", "flow_tables"}}}},
        {"Port", {{"columns", {"name", "interfaces"}}}},
        {"Interface",
         {{"columns",
           {"name", "type", "ofport", "ofport_request", "error", "mtu_request", "mac_in_use", "options",
            "external_ids"}}}},
        {"Flow_Table", {{"columns", {"name"}}}},
    };
}

} // namespace

DatabaseSession::DatabaseSession(const boost::asio::any_io_executor& executor, std::string socket)
    : executor_(executor), rpc_(std::make_shared<JsonRpc>(executor, std::move(socket))), changed_(executor),
      event_(executor) {}

Task<Result<void>> DatabaseSession::open() {
    const std::weak_ptr<DatabaseSession> self = weak_from_this();
    rpc_->on_notification([self](const std::string& method, const Json& params) -> Result<void> {
        const auto session = self.lock();
        if (session && method == "update") session->take_update(params.at(1));
        return {};
    });
    rpc_->on_lost([self] {
        const auto session = self.lock();
        if (!session) return;
        session->changed_.notify_all();
        session->event_.notify_all();
    });
    CO_RETURN_IF_ERROR(co_await rpc_->open());
    Json request = Json::array({"Open_vSwitch", nullptr, monitored_columns()});
    auto rows = co_await rpc_->call("monitor", std::move(request));
    if (!rows) co_return fail("monitor the switch's database at " + path() + ": " + rows.error().message);
    try {
        take_update(*rows);
    } catch (const Json::exception& exception) {
        co_return fail("read the switch's database at " + path() + ": " + exception.what());
    }
    changed_interfaces_.clear();
    changed_bridge_ = false;
    co_return Result<void>{};
}

Task<Result<Json>> DatabaseSession::run(Transaction transaction) {
    auto answer = co_await rpc_->call("transact", transaction.take());
    if (!answer) co_return answer;
    co_return results(*answer);
}

Task<Result<void>> DatabaseSession::refresh() {
    // The server answers a transaction, also one without operations, after it has sent all updates.
    Transaction nothing;
    const auto answer = co_await run(std::move(nothing));
    if (!answer) co_return fail("read the switch's database at " + path() + ": " + answer.error().message);
    co_return Result<void>{};
}

Task<Result<void>> DatabaseSession::followed(std::int64_t configuration, std::string what) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (view_.cur_cfg < configuration) {
        if (lost()) co_return std::unexpected(*lost());
        if (std::chrono::steady_clock::now() >= deadline)
            co_return fail(what + ": written, but ovs-vswitchd did not apply it in time (is it running?)");
        co_await changed(deadline);
    }
    co_return Result<void>{};
}

Task<DatabaseEvent> DatabaseSession::next_event() {
    while (changed_interfaces_.empty() && !changed_bridge_ && !lost()) co_await event_.wait();
    if (lost()) co_return DatabaseLost{*lost()};
    DatabaseChange change;
    change.interfaces.assign(changed_interfaces_.begin(), changed_interfaces_.end());
    change.bridge = std::exchange(changed_bridge_, false);
    changed_interfaces_.clear();
    co_return change;
}

std::uint32_t DatabaseSession::next_ofport() {
    std::set<std::int64_t> used;
    for (const auto& [id, row] : view_.interfaces) {
        used.insert(row.ofport.value_or(0));
        used.insert(row.ofport_request);
    }
    for (std::uint32_t tries = 0; tries < kLastOfport; ++tries) {
        last_ofport_ = last_ofport_ % kLastOfport + 1;
        if (!used.contains(last_ofport_)) break;
    }
    return last_ofport_;
}

/// `tables` is a table-updates object: table, row, and the row's new columns, or none when it was
/// deleted.
/// Source: RFC 7047, section 4.1.6. Rows come whole, since monitors of the first version send them so.
void DatabaseSession::take_update(const Json& tables) {
    for (const auto& [table, rows] : tables.items())
        for (const auto& [id, update] : rows.items()) take_row(table, id, update.value("new", Json{}));
    changed_.notify_all();
    if (!changed_interfaces_.empty() || changed_bridge_) event_.notify_all();
}

void DatabaseSession::take_row(const std::string& table, const RowId& id, const Json& row) {
    if (table == "Interface") return take_interface(id, row);
    if (table == "Port") return take_port(id, row);
    if (table == "Bridge") return take_bridge(id, row);
    if (table == "Flow_Table") {
        changed_bridge_ = true;
        if (row.is_null())
            view_.table_names.erase(id);
        else
            view_.table_names[id] = first_or<std::string>(row.at("name"), "");
    } else if (table == "Open_vSwitch") {
        view_.initialised = !row.is_null();
        if (row.is_null()) return;
        view_.next_cfg = row.at("next_cfg").get<std::int64_t>();
        view_.cur_cfg = row.at("cur_cfg").get<std::int64_t>();
        const auto settings = text_map_of(row.at("other_config"));
        const auto wait = settings.find("flow-restore-wait");
        const bool waits = wait != settings.end() && wait->second == "true";
        if (std::exchange(view_.flow_restore_wait, waits) != waits) changed_bridge_ = true;
        view_.switch_version = first_or<std::string>(row.at("ovs_version"), "");
    }
}

void DatabaseSession::take_port(const RowId& id, const Json& row) {
    if (row.is_null()) {
        view_.ports.erase(id);
        return;
    }
    PortRow port{row.at("name").get<std::string>(), {}};
    for (const auto& interface : elements_of(row.at("interfaces"))) port.interfaces.insert(row_id_of(interface));
    view_.ports[id] = std::move(port);
}

void DatabaseSession::take_interface(const RowId& id, const Json& row) {
    if (const auto old = view_.interfaces.find(id); old != view_.interfaces.end())
        changed_interfaces_.insert(old->second.name);
    if (row.is_null()) {
        view_.interfaces.erase(id);
        return;
    }
    InterfaceRow interface;
    interface.name = row.at("name").get<std::string>();
    interface.type = row.at("type").get<std::string>();
    if (const auto ofport = elements_of(row.at("ofport")); !ofport.empty())
        interface.ofport = ofport.at(0).get<std::int64_t>();
    interface.ofport_request = first_or<std::int64_t>(row.at("ofport_request"), 0);
    interface.error = first_or<std::string>(row.at("error"), "");
    interface.mtu_request = first_or<std::int64_t>(row.at("mtu_request"), 0);
    interface.mac_in_use = first_or<std::string>(row.at("mac_in_use"), "");
    interface.options = text_map_of(row.at("options"));
    interface.external_ids = text_map_of(row.at("external_ids"));
    changed_interfaces_.insert(interface.name);
    view_.interfaces[id] = std::move(interface);
}

void DatabaseSession::take_bridge(const RowId& id, const Json& row) {
    changed_bridge_ = true;
    if (row.is_null()) {
        view_.bridges.erase(id);
        return;
    }
    BridgeRow bridge;
    bridge.name = row.at("name").get<std::string>();
    bridge.datapath_type = row.at("datapath_type").get<std::string>();
    bridge.fail_mode = first_or<std::string>(row.at("fail_mode"), "");
    bridge.protocols = texts_of(row.at("protocols"));
    bridge.other_config = text_map_of(row.at("other_config"));
    for (const auto& pair : row.at("flow_tables").at(1))
        bridge.flow_tables[pair.at(0).get<std::int64_t>()] = row_id_of(pair.at(1));
    view_.bridges[id] = std::move(bridge);
}

} // namespace agent
