#include "tests/judge/frame.h"

#include <utility>

namespace judge {

namespace {

constexpr std::uint16_t kEchoReply = 0, kEchoRequest = 8;         // RFC 792
constexpr std::uint16_t kEchoRequestv6 = 128, kEchoReplyv6 = 129; // RFC 4443

std::uint16_t answered(std::uint16_t type, std::uint8_t number) {
    const auto request = number == protocol::kIcmp ? kEchoRequest : kEchoRequestv6;
    const auto reply = number == protocol::kIcmp ? kEchoReply : kEchoReplyv6;
    if (type == request) return reply;
    return type == reply ? request : type;
}

std::string end_text(const IpAddress& address, std::uint16_t port, bool with_port) {
    if (!with_port) return address.text();
    const auto host = address.family == Family::IPv6 ? "[" + address.text() + "]" : address.text();
    return host + ":" + std::to_string(port);
}

} // namespace

std::string protocol_name(std::uint8_t number) {
    switch (number) {
    case protocol::kIcmp:
        return "ICMP";
    case protocol::kTcp:
        return "TCP";
    case protocol::kUdp:
        return "UDP";
    case protocol::kIcmpv6:
        return "ICMPv6";
    case protocol::kSctp:
        return "SCTP";
    default:
        return "protocol " + std::to_string(number);
    }
}

bool has_ports(std::uint8_t number) {
    return number == protocol::kTcp || number == protocol::kUdp || number == protocol::kSctp;
}

Tuple Tuple::reversed() const {
    Tuple reply = *this;
    std::swap(reply.source, reply.destination);
    if (protocol == protocol::kIcmp || protocol == protocol::kIcmpv6) {
        reply.source_port = answered(source_port, protocol);
    } else {
        std::swap(reply.source_port, reply.destination_port);
    }
    return reply;
}

std::string Tuple::text() const {
    const bool ports = has_ports(protocol);
    return end_text(source, source_port, ports) + " -> " + end_text(destination, destination_port, ports) + " " +
           protocol_name(protocol);
}

} // namespace judge
