// What the files of this folder share to write the pipeline's own flows.
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/flow/packet_action.h"

#include <array>
#include <string>

namespace flowgen {

using ipam::Family;

inline constexpr std::array kFamilies{Family::IPv4, Family::IPv6};

/// Adds flows of one table, owned by the pipeline itself.
struct TableWriter {
    FlowStore& store;
    Table table;

    void add(std::uint16_t priority, const Match& match, const Actions& actions) const {
        store.add(table, priority, match, actions, {OwnerCategory::Pipeline, std::string(table_name(number(table)))});
    }
};

/// To this node's host, or through it to the outside.
inline Actions to_gateway(const LocalNode& local, Table next) {
    return {set(kOutputPort, kLocalPort), set(Field::eth_dst, local.gateway_mac.bits()), to(next)};
}

} // namespace flowgen
