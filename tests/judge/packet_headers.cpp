#include "tests/judge/packet_headers.h"

#include "flowgen/flow/flow.h"

#include "openvswitch/meta-flow.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace judge {

namespace {

constexpr int kOptionBytes = 16; ///< of our option; its field is as long as options can be, the value at the end
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800, kEtherTypeIpv6 = 0x86dd;

in6_addr to_in6(const IpAddress& address) {
    in6_addr result{};
    for (int i = 0; i < 16; ++i) result.s6_addr[i] = static_cast<std::uint8_t>(address.bits >> (120 - 8 * i));
    return result;
}

IpAddress from_in6(const in6_addr& address) {
    U128 bits = 0;
    for (const auto byte : address.s6_addr) bits = bits << 8 | byte;
    return {.family = Family::IPv6, .bits = bits};
}

ovs_be32 to_be32(const IpAddress& address) { return htonl(static_cast<std::uint32_t>(address.bits)); }
IpAddress from_be32(ovs_be32 address) { return {.family = Family::IPv4, .bits = ntohl(address)}; }

eth_addr to_eth(const MacAddress& mac) {
    eth_addr result{};
    std::ranges::copy(mac.bytes, result.ea);
    return result;
}

MacAddress from_eth(const eth_addr& mac) {
    MacAddress result;
    std::ranges::copy(mac.ea, result.bytes.begin());
    return result;
}

bool is_set(const in6_addr& address) { return from_in6(address).bits != 0; }

void write_tunnel(flow& headers, const Encapsulation& tunnel) {
    if (tunnel.source.family == Family::IPv4) {
        headers.tunnel.ip_src = to_be32(tunnel.source);
        headers.tunnel.ip_dst = to_be32(tunnel.destination);
    } else {
        headers.tunnel.ipv6_src = to_in6(tunnel.source);
        headers.tunnel.ipv6_dst = to_in6(tunnel.destination);
    }
    headers.tunnel.flags = FLOW_TNL_F_KEY;
    if (tunnel.identity) {
        mf_value value{};
        const auto* field = mf_from_id(MFF_TUN_METADATA0);
        auto* option = value.tun_metadata + field->n_bytes - kOptionBytes;
        for (int i = 0; i < kOptionBytes; ++i) {
            option[i] = static_cast<std::uint8_t>(*tunnel.identity >> (120 - 8 * i));
        }
        mf_set_flow_value(field, &value, &headers);
    }
}

} // namespace

flow packet_headers(const OvsTables& tables, const Frame& frame, std::uint16_t in_port,
                    const std::optional<Encapsulation>& tunnel) {
    flow headers;
    std::memset(&headers, 0, sizeof headers);
    ovs_tables_adopt(&tables, &headers);
    headers.in_port.ofp_port = static_cast<ofp_port_t>(in_port);
    headers.dl_src = to_eth(frame.source_mac);
    headers.dl_dst = to_eth(frame.destination_mac);
    const auto& tuple = frame.tuple;
    if (tuple.source.family == Family::IPv4) {
        headers.dl_type = htons(kEtherTypeIpv4);
        headers.nw_src = to_be32(tuple.source);
        headers.nw_dst = to_be32(tuple.destination);
    } else {
        headers.dl_type = htons(kEtherTypeIpv6);
        headers.ipv6_src = to_in6(tuple.source);
        headers.ipv6_dst = to_in6(tuple.destination);
    }
    headers.nw_proto = tuple.protocol;
    headers.nw_ttl = frame.ttl;
    headers.tp_src = htons(tuple.source_port);
    headers.tp_dst = htons(tuple.destination_port);
    if (tuple.protocol == protocol::kTcp)
        headers.tcp_flags = htons(frame.opening ? flowgen::tcp_flags::kSyn : flowgen::tcp_flags::kAck);
    if (tunnel) write_tunnel(headers, *tunnel);
    return headers;
}

Frame frame_of(const flow& headers, const Frame& before) {
    Frame after = before;
    after.source_mac = from_eth(headers.dl_src);
    after.destination_mac = from_eth(headers.dl_dst);
    if (headers.dl_type == htons(kEtherTypeIpv4)) {
        after.tuple.source = from_be32(headers.nw_src);
        after.tuple.destination = from_be32(headers.nw_dst);
    } else {
        after.tuple.source = from_in6(headers.ipv6_src);
        after.tuple.destination = from_in6(headers.ipv6_dst);
    }
    after.tuple.source_port = ntohs(headers.tp_src);
    after.tuple.destination_port = ntohs(headers.tp_dst);
    after.ttl = headers.nw_ttl;
    return after;
}

std::optional<Encapsulation> encapsulation_of(const flow& headers) {
    Encapsulation tunnel;
    if (headers.tunnel.ip_dst != 0) {
        tunnel.destination = from_be32(headers.tunnel.ip_dst);
    } else if (is_set(headers.tunnel.ipv6_dst)) {
        tunnel.destination = from_in6(headers.tunnel.ipv6_dst);
    } else {
        return std::nullopt;
    }
    if (headers.tunnel.metadata.present.map & 1) {
        mf_value value{};
        const auto* field = mf_from_id(MFF_TUN_METADATA0);
        mf_get_value(field, &headers, &value);
        const auto* option = value.tun_metadata + field->n_bytes - kOptionBytes;
        U128 identity = 0;
        for (int i = 0; i < kOptionBytes; ++i) identity = identity << 8 | option[i];
        tunnel.identity = identity;
    }
    return tunnel;
}

} // namespace judge
