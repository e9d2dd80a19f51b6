#include "flowgen/network/special_addresses.h"

#include "flowgen/flow/packet_action.h"
#include "flowgen/flow/packet_match.h"

#include <algorithm>
#include <array>
#include <ranges>

namespace flowgen {
namespace {

/// Neither source nor destination of a packet between hosts. A host may take some of them for
/// itself: broadcasts, and loopback addresses where kube-proxy has set route_localnet.
/// Source: IANA, IPv4 and IPv6 Special-Purpose Address Registries, blocks that are not forwardable.
constexpr std::array kNever{
    "0.0.0.0/8",          // this network
    "127.0.0.0/8",        // loopback
    "255.255.255.255/32", // limited broadcast
    "::/127",             // unspecified, loopback
    "::ffff:0:0/96",      // IPv4 inside a host
};

constexpr std::array kMulticast{"224.0.0.0/4", "ff00::/8"};

/// The overlay routes between pods: link-local packets are dropped, and the virtual router itself
/// answers none. The rest of 169.254.0.0/16 is the host's: metadata servers, caches of names.
constexpr std::array kLink{"169.254.1.1/32", "fe80::/10"};

/// For future use, but some networks use it as ordinary addresses already.
constexpr auto kReserved = "240.0.0.0/4";

/// Whether an address of the cluster or of this host is in the reserved block.
bool uses_reserved_block(const ClusterState& state, const LocalNode& local) {
    const auto reserved = *Prefix::parse(kReserved);
    const auto overlaps = [&](const Prefix& range) { return range.overlaps(reserved); };
    const auto contains = [&](const IpAddress& address) { return reserved.contains(address); };
    const auto has_one = [&](const Node& node) {
        return std::ranges::any_of(node.pod_cidrs, overlaps) || std::ranges::any_of(node.addresses, contains);
    };
    return std::ranges::any_of(state.service_cidrs, overlaps) || std::ranges::any_of(local.host_addresses, contains) ||
           std::ranges::any_of(state.nodes | std::views::values, has_one);
}

} // namespace

void compile_special_addresses(const ClusterState& state, const LocalNode& local, FlowStore& store) {
    const auto drop = [&](Table table, std::uint16_t priority, const Match& match) {
        store.add(table, priority, match, {}, {OwnerCategory::Pipeline, std::string(table_name(number(table)))});
    };
    const auto never_from = [&](const char* block) {
        drop(Table::Classifier, 115, ip_from(*Prefix::parse(block)).set(Field::in_port, kLocalPort));
    };
    const auto never_to = [&](const char* block) { drop(Table::Routing, 300, ip_to(*Prefix::parse(block))); };
    for (const char* block : kNever) {
        never_from(block);
        never_to(block);
    }
    for (const char* block : kMulticast) {
        never_from(block);
        never_to(block);
    }
    for (const char* block : kLink) never_to(block);
    if (uses_reserved_block(state, local)) return;
    never_from(kReserved);
    never_to(kReserved);
}

} // namespace flowgen
