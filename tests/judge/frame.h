// A packet on the wire, and the headers that a tunnel adds: plain values, no OVS types.
#pragma once

#include "ipam/address.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace judge {

using ipam::Family;
using ipam::IpAddress;
using ipam::MacAddress;
using ipam::U128;

/// IP protocol numbers. Source: IANA, Assigned Internet Protocol Numbers.
namespace protocol {
inline constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kGre = 47, kIcmpv6 = 58, kSctp = 132;
} // namespace protocol

/// "TCP", "ICMPv6", or the number of a protocol without a name here.
[[nodiscard]] std::string protocol_name(std::uint8_t number);
/// True for the protocols that have ports: TCP, UDP and SCTP.
[[nodiscard]] bool has_ports(std::uint8_t number);

/// The headers of a packet from one end to the other. For ICMP the ports are type and code;
/// protocols without ports have 0 there.
struct Tuple {
    IpAddress source;
    IpAddress destination;
    std::uint8_t protocol = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;

    auto operator<=>(const Tuple&) const = default;
    /// The tuple of a reply: ends swapped, an echo request becoming an echo reply.
    [[nodiscard]] Tuple reversed() const;
    /// "10.1.1.2:40000 -> 10.1.2.3:80 TCP".
    [[nodiscard]] std::string text() const;
};

/// How connection tracking classifies a packet that belongs to no known connection.
enum class Untracked : std::uint8_t {
    New,     ///< it may begin one
    Invalid, ///< it cannot: a FIN or RST
};

struct Frame {
    MacAddress source_mac;
    MacAddress destination_mac;
    Tuple tuple;
    std::uint8_t ttl = 64;
    Untracked untracked = Untracked::New;
    bool opening = false;                            ///< of TCP: SYN without ACK
    std::optional<Tuple> error_about = std::nullopt; ///< in an ICMP error: the packet that caused it

    auto operator<=>(const Frame&) const = default;
};

/// The outer header of a Geneve packet.
struct Encapsulation {
    IpAddress source;
    IpAddress destination;
    std::optional<U128> identity = std::nullopt; ///< our option, absent when the sender wrote none

    auto operator<=>(const Encapsulation&) const = default;
};

} // namespace judge
