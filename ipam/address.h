// IP addresses (IPv4 and IPv6) and Ethernet addresses as plain values.
#pragma once

#include "outcome/result.h"

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ipam {

__extension__ using U128 = unsigned __int128;

enum class Family : std::uint8_t { IPv4, IPv6 };

/// Width of an address of this family in bits: 32 or 128.
[[nodiscard]] constexpr int width(Family family) { return family == Family::IPv4 ? 32 : 128; }

/// "IPv4" or "IPv6".
[[nodiscard]] constexpr std::string_view name(Family family) { return family == Family::IPv4 ? "IPv4" : "IPv6"; }

/// An address; `bits` is the number that its bytes spell in network order, so an IPv4 address uses the low 32 bits.
struct IpAddress {
    Family family = Family::IPv4;
    U128 bits = 0;

    auto operator<=>(const IpAddress&) const = default;

    /// From dotted-quad or RFC 4291 text. IPv4-mapped IPv6 ("::ffff:10.0.0.1") stays IPv6.
    [[nodiscard]] static outcome::Result<IpAddress> parse(std::string_view text);
    /// Dotted quad, or the RFC 5952 form of an IPv6 address.
    [[nodiscard]] std::string text() const;
};

/// An Ethernet address, in transmission order.
struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    auto operator<=>(const MacAddress&) const = default;

    /// From six colon-separated pairs of hexadecimal digits.
    [[nodiscard]] static outcome::Result<MacAddress> parse(std::string_view text);
    /// Lower-case, colon-separated.
    [[nodiscard]] std::string text() const;
    /// The 48-bit number that the bytes spell.
    [[nodiscard]] std::uint64_t bits() const;
};

/// The addresses, with commas and no spaces between them, as records and log lines list them.
[[nodiscard]] std::string text(std::span<const IpAddress> addresses);

/// The link-local address that a kernel forms from this Ethernet address. Source: RFC 4291, appendix A (modified
/// EUI-64).
[[nodiscard]] IpAddress link_local(const MacAddress& mac);

} // namespace ipam
