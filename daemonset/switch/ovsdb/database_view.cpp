#include "daemonset/switch/ovsdb/database_view.h"

#include <algorithm>

namespace agent {
namespace {

template <typename Row> auto find_named(const std::map<RowId, Row>& rows, std::string_view name) {
    return std::ranges::find_if(rows, [&](const auto& entry) { return entry.second.name == name; });
}

} // namespace

const BridgeRow* DatabaseView::bridge(std::string_view name) const {
    const auto found = find_named(bridges, name);
    return found == bridges.end() ? nullptr : &found->second;
}

const InterfaceRow* DatabaseView::interface(std::string_view name) const {
    const auto found = find_named(interfaces, name);
    return found == interfaces.end() ? nullptr : &found->second;
}

RowId DatabaseView::bridge_id(std::string_view name) const {
    const auto found = find_named(bridges, name);
    return found == bridges.end() ? RowId{} : found->first;
}

RowId DatabaseView::port_id(std::string_view name) const {
    const auto found = find_named(ports, name);
    return found == ports.end() ? RowId{} : found->first;
}

RowId DatabaseView::interface_id(std::string_view name) const {
    const auto found = find_named(interfaces, name);
    return found == interfaces.end() ? RowId{} : found->first;
}

} // namespace agent
