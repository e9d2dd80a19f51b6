#include "tests/judge/crossing.h"

#include "flowgen/flow/pipeline.h"
#include "ipam/allocator.h"

#include <algorithm>

namespace judge {

namespace {

using namespace flowgen;

constexpr std::uint16_t kLocal = flowgen::kLocalPort;

struct Port {
    Place place;
    MacAddress mac;                                   ///< of the host or pod behind it
    std::optional<std::uint16_t> zone = std::nullopt; ///< of the pod
};

Port host_port(const Cluster& cluster, const std::string& node) {
    return {.place = {.node = node, .port = kLocal}, .mac = cluster.locals.at(node).gateway_mac};
}

Port pod_port(const Cluster& cluster, const ObjectName& pod) {
    const auto& attachment = cluster.attachment(pod);
    return {.place = {.node = cluster.state.pods.at(pod).node, .port = static_cast<std::uint16_t>(attachment.ofport)},
            .mac = attachment.mac,
            .zone = attachment.ct_zone.value_or(kSharedZone)};
}

/// Where `end` is; the outside is behind the host of the pod at the other end.
Port port_of(const Cluster& cluster, const End& end, const End& other) {
    if (const auto* pod = std::get_if<PodEnd>(&end.who)) return pod_port(cluster, pod->pod);
    if (const auto* host = std::get_if<HostEnd>(&end.who)) return host_port(cluster, host->node);
    return host_port(cluster, cluster.state.pods.at(std::get<PodEnd>(other.who).pod).node);
}

/// The address that the host of the pod puts in place of the pod's own when the pod reaches itself
/// through a Service.
IpAddress gateway_of(const Cluster& cluster, const End& pod) {
    const auto& node = cluster.state.pods.at(std::get<PodEnd>(pod.who).pod).node;
    const auto& cidrs = cluster.state.nodes.at(node).pod_cidrs;
    return ipam::gateway_address(*std::ranges::find(cidrs, pod.address.family, &ipam::Prefix::family));
}

} // namespace

Frame Crossing::reply() const {
    Frame frame{.source_mac = receiver_mac, .destination_mac = kRouterMac, .tuple = request.tuple.reversed()};
    // An echo reply never begins a connection.
    const bool echo = request.tuple.protocol == protocol::kIcmp || request.tuple.protocol == protocol::kIcmpv6;
    if (echo) frame.untracked = Untracked::Invalid;
    return frame;
}

Frame Crossing::error() const {
    Frame frame{.source_mac = receiver_mac, .destination_mac = kRouterMac, .tuple = {}};
    const bool ipv4 = request.tuple.source.family == Family::IPv4;
    frame.tuple = {.source = request.tuple.destination,
                   .destination = request.tuple.source,
                   .protocol = ipv4 ? protocol::kIcmp : protocol::kIcmpv6,
                   .source_port = static_cast<std::uint16_t>(ipv4 ? 3 : 1),       // destination unreachable:
                   .destination_port = static_cast<std::uint16_t>(ipv4 ? 3 : 4)}; // its port is
    frame.error_about = request.tuple;
    return frame;
}

MacAddress mac_behind(const Cluster& cluster, const Place& place) {
    const auto& local = cluster.locals.at(place.node);
    if (place.port == kLocal) return local.gateway_mac;
    return std::ranges::find(local.attachments, place.port, &Attachment::ofport)->mac;
}

Crossing crossing(const Cluster& cluster, const Attempt& attempt, Path path, std::uint16_t source_port) {
    const auto* sender = std::get_if<PodEnd>(&attempt.from.who);
    const auto* receiver = std::get_if<PodEnd>(&attempt.to.who);
    auto from = port_of(cluster, attempt.from, attempt.to);
    const auto opener = from;
    const auto to = port_of(cluster, attempt.to, attempt.from);
    const bool to_itself = sender && receiver && *sender == *receiver;
    if (sender && receiver && (path == Path::ViaHost || to_itself)) from = host_port(cluster, from.place.node);

    Crossing result{.entry = from.place,
                    .exit = to.place,
                    .request = {.source_mac = from.mac, .destination_mac = kRouterMac, .tuple = {}},
                    .zones = {},
                    .receiver_mac = to.mac};
    auto& tuple = result.request.tuple;
    tuple.source = to_itself ? gateway_of(cluster, attempt.from) : attempt.from.address;
    tuple.destination = attempt.to.address;
    tuple.protocol = attempt.protocol;
    if (has_ports(attempt.protocol)) {
        tuple.source_port = source_port;
        tuple.destination_port = attempt.destination_port;
    } else if (attempt.protocol == protocol::kIcmp) {
        tuple.source_port = 8; // echo request
    } else if (attempt.protocol == protocol::kIcmpv6) {
        tuple.source_port = 128;
    }
    result.request.opening = tuple.protocol == protocol::kTcp;
    if (to.zone) result.zones.insert({to.place.node, *to.zone});
    if (opener.zone) result.zones.insert({opener.place.node, *opener.zone});
    return result;
}

} // namespace judge
