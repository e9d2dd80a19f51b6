#include "daemonset/switch/ovsdb/bridge_transaction.h"

#include "flowgen/flow/pipeline.h"

namespace agent {
namespace {

/// The agent speaks 1.5, many tools 1.3, and `ovs-ofctl dump-flows` tries 1.0 without options.
constexpr std::array<const char*, 3> kProtocols{"OpenFlow10", "OpenFlow13", "OpenFlow15"};

Json protocols() {
    Json result = Json::array();
    for (const auto* protocol : kProtocols) result.push_back(protocol);
    return set_of(std::move(result));
}

bool tables_named(const DatabaseView& view, const BridgeRow& bridge) {
    if (bridge.flow_tables.size() != flowgen::kTables.size()) return false;
    for (const auto& [table, name] : flowgen::kTables) {
        const auto row = bridge.flow_tables.find(flowgen::number(table));
        if (row == bridge.flow_tables.end()) return false;
        const auto found = view.table_names.find(row->second);
        if (found == view.table_names.end() || found->second != name) return false;
    }
    return true;
}

/// Inserts a Flow_Table row for every table; the value for the bridge's column.
Json name_tables(Transaction& transaction) {
    Json pairs = Json::array();
    for (const auto& [table, name] : flowgen::kTables) {
        const auto row = "table" + std::to_string(flowgen::number(table));
        transaction.insert("Flow_Table", row, {{"name", std::string(name)}});
        pairs.push_back(Json::array({flowgen::number(table), named_uuid(row)}));
    }
    return Json::array({"map", std::move(pairs)});
}

Json bridge_columns(const BridgeSettings& settings, TextMap other_config) {
    other_config["hwaddr"] = settings.gateway_mac.text(); // `ip link set address` is reverted by the switch
    return {{"datapath_type", settings.datapath},
            {"fail_mode", "secure"},
            {"protocols", protocols()},
            {"other_config", map_of(other_config)}};
}

void create(Transaction& transaction, const DatabaseView& view, const BridgeSettings& settings) {
    if (!view.initialised) transaction.insert("Open_vSwitch", "root", Json::object());
    Json interface{{"name", settings.name}, {"type", "internal"}};
    if (settings.mtu != 0) interface["mtu_request"] = settings.mtu;
    transaction.insert("Interface", "interface", std::move(interface));
    transaction.insert("Port", "port", {{"name", settings.name}, {"interfaces", named_uuid("interface")}});
    auto row = bridge_columns(settings, {});
    row["name"] = settings.name;
    row["ports"] = named_uuid("port");
    row["flow_tables"] = name_tables(transaction);
    transaction.insert("Bridge", "bridge", std::move(row));
    transaction.mutate("Open_vSwitch", Json::array(), "bridges", "insert", set_of(Json::array({named_uuid("bridge")})));
}

void correct(Transaction& transaction, const DatabaseView& view, const BridgeSettings& settings,
             const BridgeRow& bridge) {
    const auto mac = bridge.other_config.find("hwaddr");
    const bool right = bridge.datapath_type == settings.datapath && bridge.fail_mode == "secure" &&
                       bridge.protocols == std::set<std::string>(kProtocols.begin(), kProtocols.end()) &&
                       mac != bridge.other_config.end() && mac->second == settings.gateway_mac.text();
    const auto where = where_name(settings.name);
    if (!right) transaction.update("Bridge", where, bridge_columns(settings, bridge.other_config));
    if (!tables_named(view, bridge)) {
        auto names = name_tables(transaction);
        transaction.update("Bridge", where, {{"flow_tables", std::move(names)}});
    }
    const auto* interface = view.interface(settings.name);
    if (interface != nullptr && settings.mtu != 0 && interface->mtu_request != settings.mtu)
        transaction.update("Interface", where, {{"mtu_request", settings.mtu}});
}

} // namespace

Transaction bridge_transaction(const DatabaseView& view, const BridgeSettings& settings) {
    Transaction transaction;
    if (const auto* bridge = view.bridge(settings.name); bridge == nullptr)
        create(transaction, view, settings);
    else
        correct(transaction, view, settings, *bridge);
    return transaction;
}

} // namespace agent
