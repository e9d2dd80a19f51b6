// The text form of flows, as ovs-ofctl reads it. Of several spellings, this is the one closest to
// the output of `ovs-ofctl dump-flows`: `tcp,nw_dst=10.0.0.0/8,tp_dst=80`, not
// `dl_type=0x800,nw_proto=6,…`.
#include "flowgen/flow/flow.h"

#include "ipam/prefix.h"

#include <array>
#include <bit>
#include <cstdio>
#include <span>

namespace flowgen {
namespace {

using ipam::Family;
using ipam::IpAddress;

std::string hex(U128 value) {
    if (value == 0) return "0";
    std::string digits;
    for (; value != 0; value >>= 4)
        digits.insert(digits.begin(), "0123456789abcdef"[static_cast<unsigned>(value & 15)]);
    return "0x" + digits;
}

std::string decimal(U128 value) { return std::to_string(static_cast<std::uint64_t>(value)); }

std::string mac_text(U128 value) {
    ipam::MacAddress mac;
    for (int i = 0; i < 6; ++i) mac.bytes.at(i) = static_cast<std::uint8_t>(value >> (8 * (5 - i)));
    return mac.text();
}

std::string port_text(U128 port) {
    if (port == kLocalPort) return "LOCAL";
    if (port == kInPort) return "IN_PORT";
    return decimal(port);
}

enum class Notation : std::uint8_t { Hex, Decimal, Ethernet, Ipv4, Ipv6, Port };

Notation notation(Field field) {
    switch (field) {
    case Field::eth_src:
    case Field::eth_dst:
    case Field::arp_sha:
    case Field::arp_tha:
    case Field::nd_sll:
    case Field::nd_tll:
        return Notation::Ethernet;
    case Field::tun_src:
    case Field::tun_dst:
    case Field::ipv4_src:
    case Field::ipv4_dst:
    case Field::arp_spa:
    case Field::arp_tpa:
        return Notation::Ipv4;
    case Field::tun_ipv6_src:
    case Field::tun_ipv6_dst:
    case Field::ipv6_src:
    case Field::ipv6_dst:
    case Field::nd_target:
        return Notation::Ipv6;
    case Field::in_port:
        return Notation::Port;
    case Field::conj_id:
    case Field::ip_proto:
    case Field::ip_ttl:
    case Field::arp_op:
    case Field::tcp_src:
    case Field::tcp_dst:
    case Field::udp_src:
    case Field::udp_dst:
    case Field::sctp_src:
    case Field::sctp_dst:
    case Field::icmp_type:
    case Field::icmp_code:
    case Field::icmpv6_type:
    case Field::icmpv6_code:
        return Notation::Decimal;
    default:
        return Notation::Hex;
    }
}

std::string value_text(Field field, U128 value) {
    switch (notation(field)) {
    case Notation::Ethernet:
        return mac_text(value);
    case Notation::Ipv4:
        return IpAddress{Family::IPv4, value}.text();
    case Notation::Ipv6:
        return IpAddress{Family::IPv6, value}.text();
    case Notation::Port:
        return port_text(value);
    case Notation::Decimal:
        return decimal(value);
    case Notation::Hex:
        return hex(value);
    }
    return hex(value);
}

/// "/LENGTH" for a mask of leading ones on an address, else "/MASK" in the field's own notation; masked ports in hex.
std::string mask_text(Field field, U128 mask) {
    const auto kind = notation(field);
    if (kind == Notation::Ipv4 || kind == Notation::Ipv6) {
        const auto family = kind == Notation::Ipv4 ? Family::IPv4 : Family::IPv6;
        for (int length = 0; length <= ipam::width(family); ++length)
            if (ipam::Prefix{{family, 0}, length}.mask() == mask) return "/" + std::to_string(length);
    }
    return "/" + (kind == Notation::Decimal ? hex(mask) : value_text(field, mask));
}

constexpr std::array<std::string_view, 6> kCtStateBits{"new", "est", "rel", "rpl", "inv", "trk"};
constexpr std::array<std::string_view, 9> kTcpFlagBits{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"};

/// "NAME=+BIT-BIT": the bits of the mask that are wanted and those that are not.
std::string flags_text(const FieldMatch& match, std::span<const std::string_view> bits) {
    std::string out = std::string(name(match.field)) + "=";
    for (std::size_t bit = 0; bit < bits.size(); ++bit)
        if (match.mask >> bit & 1) out += (match.value >> bit & 1 ? "+" : "-") + std::string(bits[bit]);
    return out;
}

std::string frag_text(U128 value) {
    return value == 0 ? "ip_frag=no" : (value & 2) != 0 ? "ip_frag=later" : "ip_frag=first";
}

std::string field_text(const FieldMatch& field) {
    if (field.field == Field::ct_state) return flags_text(field, kCtStateBits);
    if (field.field == Field::tcp_flags && field.mask >> kTcpFlagBits.size() == 0)
        return flags_text(field, kTcpFlagBits);
    if (field.field == Field::ip_frag) return frag_text(field.value);
    const bool masked = field.mask != full_mask(field.field);
    const bool masked_number = masked && notation(field.field) == Notation::Decimal;
    std::string out = std::string(name(field.field)) + "=";
    out += masked_number ? hex(field.value) : value_text(field.field, field.value);
    if (masked) out += mask_text(field.field, field.mask);
    return out;
}

/// The keyword that stands for an exact eth_type and ip_proto, "" when there is none.
std::string protocol_keyword(const Match& match) {
    const auto* type = match.find(Field::eth_type);
    if (type == nullptr) return "";
    const auto* proto = match.find(Field::ip_proto);
    const int number = proto == nullptr ? -1 : static_cast<int>(proto->value);
    if (type->value == 0x0806) return "arp";
    if (type->value == 0x0800)
        return number == -1    ? "ip"
               : number == 6   ? "tcp"
               : number == 17  ? "udp"
               : number == 132 ? "sctp"
               : number == 1   ? "icmp"
                               : "";
    if (type->value == 0x86dd)
        return number == -1    ? "ipv6"
               : number == 6   ? "tcp6"
               : number == 17  ? "udp6"
               : number == 132 ? "sctp6"
               : number == 58  ? "icmp6"
                               : "";
    return "";
}

std::string match_text(const Match& match) {
    const auto keyword = protocol_keyword(match);
    std::string out;
    for (const auto& field : match.fields()) {
        const bool type = field.field == Field::eth_type;
        if (!keyword.empty() && field.field == Field::ip_proto) continue;
        out += "," + (type && !keyword.empty() ? keyword : field_text(field));
    }
    return out;
}

/// The whole field as "name[]". tun_metadata0 always has its range, because its width is a setting
/// of the switch.
std::string subfield(Field field, int offset, int bits) {
    std::string out(name(field));
    out += "[";
    if (bits != width(field) || field == Field::tun_metadata0)
        out += std::to_string(offset) + ".." + std::to_string(offset + bits - 1);
    return out + "]";
}

std::string action_text(const SetField& set) {
    const bool masked = set.mask != full_mask(set.field);
    return "set_field:" + value_text(set.field, set.value) + (masked ? "/" + value_text(set.field, set.mask) : "") +
           "->" + std::string(name(set.field));
}

std::string action_text(const Move& move) {
    return "move:" + subfield(move.source, move.source_offset, move.bits) + "->" +
           subfield(move.destination, move.destination_offset, move.bits);
}

std::string action_text(const Output& output) {
    return output.port == kInPort || output.port == kLocalPort ? port_text(output.port)
                                                               : "output:" + std::to_string(output.port);
}

std::string action_text(const OutputRegister& output) { return "output:" + subfield(output.field, 0, 32); }
std::string action_text(const DecTtl&) { return "dec_ttl"; }
std::string action_text(const GotoTable& go) { return "goto_table:" + std::to_string(go.table); }

std::string action_text(const Conjunction& c) {
    return "conjunction(" + std::to_string(c.id) + "," + std::to_string(c.clause) + "/" + std::to_string(c.clauses) +
           ")";
}

std::string action_text(const Ct& ct) {
    std::string out = "ct(";
    if (ct.commit) out += "commit,";
    if (ct.force) out += "force,";
    if (ct.table) out += "table=" + std::to_string(*ct.table) + ",";
    if (const auto* zone = std::get_if<std::uint16_t>(&ct.zone))
        out += "zone=" + std::to_string(*zone);
    else
        out += "zone=" + subfield(std::get<Field>(ct.zone), 0, kCtZoneBits);
    std::string exec;
    for (const auto& action : ct.exec) {
        if (!exec.empty()) exec += ",";
        exec += std::visit([](const auto& a) { return action_text(a); }, action);
    }
    if (!exec.empty()) out += ",exec(" + exec + ")";
    return out + ")";
}

std::string actions_text(const Actions& actions) {
    if (actions.empty()) return "drop";
    std::string out;
    for (const auto& action : actions) {
        if (!out.empty()) out += ",";
        out += std::visit([](const auto& a) { return action_text(a); }, action);
    }
    return out;
}

} // namespace

std::string text(const FlowKey& key, const FlowBody& body) {
    return "cookie=" + hex(body.cookie) + ",table=" + std::to_string(key.table) +
           ",priority=" + std::to_string(key.priority) + match_text(key.match) +
           ",actions=" + actions_text(body.actions);
}

} // namespace flowgen
