// The contents of the switch's database as values: the rows and columns that this project uses.
// Source of names and meaning: ovs-vswitchd.conf.db(5).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace agent {

using TextMap = std::map<std::string, std::string>;
using RowId = std::string; ///< the UUID of a row

struct InterfaceRow {
    std::string name;
    std::string type;
    std::optional<std::int64_t> ofport; ///< absent until the switch has tried; -1 when it cannot use the device
    std::int64_t ofport_request = 0;    ///< 0 when none
    std::string error;                  ///< the switch's reason for an ofport of -1
    std::int64_t mtu_request = 0;       ///< 0 when none
    std::string mac_in_use;
    TextMap options;
    TextMap external_ids;

    auto operator<=>(const InterfaceRow&) const = default;
};

struct PortRow {
    std::string name;
    std::set<RowId> interfaces;

    auto operator<=>(const PortRow&) const = default;
};

struct BridgeRow {
    std::string name;
    std::string datapath_type;
    std::string fail_mode;
    std::set<std::string> protocols;
    TextMap other_config;
    std::map<std::int64_t, RowId> flow_tables;

    auto operator<=>(const BridgeRow&) const = default;
};

struct DatabaseView {
    std::map<RowId, BridgeRow> bridges;
    std::map<RowId, PortRow> ports;
    std::map<RowId, InterfaceRow> interfaces;
    std::map<RowId, std::string> table_names; ///< Flow_Table
    bool initialised = false;                 ///< the database has its one Open_vSwitch row
    bool flow_restore_wait = false;           ///< the switch forwards by old datapath flows until its flows are back
    std::int64_t next_cfg = 0;
    std::int64_t cur_cfg = 0; ///< the switch has applied everything up to this next_cfg
    std::string switch_version;

    [[nodiscard]] const BridgeRow* bridge(std::string_view name) const;
    [[nodiscard]] const InterfaceRow* interface(std::string_view name) const;
    /// UUID of the bridge with this name, "" when there is none.
    [[nodiscard]] RowId bridge_id(std::string_view name) const;
    /// UUID of the port with this name, "" when there is none.
    [[nodiscard]] RowId port_id(std::string_view name) const;
    [[nodiscard]] RowId interface_id(std::string_view name) const;
};

} // namespace agent
