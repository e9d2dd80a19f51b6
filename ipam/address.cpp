#include "ipam/address.h"

#include "words/list.h"

#include <arpa/inet.h>

#include <cstdio>

namespace ipam {
namespace {

template <std::size_t Size> U128 bits_of(const std::array<std::uint8_t, Size>& bytes) {
    U128 bits = 0;
    for (const auto byte : bytes) bits = bits << 8 | byte;
    return bits;
}

} // namespace

outcome::Result<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string terminated(text);
    std::array<std::uint8_t, 4> v4{};
    if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return IpAddress{Family::IPv4, bits_of(v4)};
    std::array<std::uint8_t, 16> v6{};
    if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return IpAddress{Family::IPv6, bits_of(v6)};
    return outcome::fail("'" + terminated + "' is not an IP address");
}

std::string IpAddress::text() const {
    std::array<std::uint8_t, 16> bytes{};
    const int size = width(family) / 8;
    for (int i = 0; i < size; ++i) bytes.at(i) = static_cast<std::uint8_t>(bits >> (8 * (size - 1 - i)));
    std::array<char, INET6_ADDRSTRLEN> out{};
    inet_ntop(family == Family::IPv4 ? AF_INET : AF_INET6, bytes.data(), out.data(), out.size());
    return out.data();
}

std::string text(std::span<const IpAddress> addresses) { return words::join(addresses, &IpAddress::text, ","); }

outcome::Result<MacAddress> MacAddress::parse(std::string_view text) {
    const std::string terminated(text);
    MacAddress mac;
    auto& b = mac.bytes;
    int used = 0;
    const int fields = std::sscanf(terminated.c_str(), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &b[0], &b[1], &b[2],
                                   &b[3], &b[4], &b[5], &used);
    if (fields != 6 || terminated.size() != 17 || used != 17)
        return outcome::fail("'" + terminated + "' is not an Ethernet address");
    return mac;
}

std::string MacAddress::text() const {
    std::array<char, 18> out{};
    std::snprintf(out.data(), out.size(), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3],
                  bytes[4], bytes[5]);
    return out.data();
}

std::uint64_t MacAddress::bits() const { return static_cast<std::uint64_t>(bits_of(bytes)); }

IpAddress link_local(const MacAddress& mac) {
    const auto& b = mac.bytes;
    const std::array<std::uint8_t, 16> bytes{
        0xfe, 0x80, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(b[0] ^ 2), b[1], b[2], 0xff, 0xfe, b[3], b[4], b[5]};
    return {Family::IPv6, bits_of(bytes)};
}

} // namespace ipam
