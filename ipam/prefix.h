// CIDR prefixes: PodCIDRs, ipBlocks and route destinations.
#pragma once

#include "ipam/address.h"

#include <span>
#include <vector>

namespace ipam {

/// A block of addresses; the bits of `address` beyond `length` are zero.
struct Prefix {
    IpAddress address;
    int length = 0; ///< 0 to 32 (IPv4) or 128 (IPv6)

    auto operator<=>(const Prefix&) const = default;

    /// From "ADDRESS/LENGTH". Bits beyond the length are cleared, as the Kubernetes API accepts "10.0.0.7/24".
    [[nodiscard]] static outcome::Result<Prefix> parse(std::string_view text);
    /// The prefix of this length that contains `address`.
    [[nodiscard]] static Prefix covering(const IpAddress& address, int length);
    /// The single address as a prefix, /32 or /128.
    [[nodiscard]] static Prefix host(const IpAddress& address);

    [[nodiscard]] Family family() const { return address.family; }
    /// Ones where the prefix is fixed, `width(family())` bits wide.
    [[nodiscard]] U128 mask() const;
    [[nodiscard]] bool contains(const IpAddress& other) const;
    [[nodiscard]] bool contains(const Prefix& other) const;
    [[nodiscard]] bool overlaps(const Prefix& other) const;
    [[nodiscard]] IpAddress first() const { return address; }
    [[nodiscard]] IpAddress last() const;
    [[nodiscard]] std::string text() const;
};

/// The part of `prefix` that no prefix in `holes` covers: the fewest prefixes, in address order.
/// Source: Kubernetes API reference, IPBlock.except. Holes that do not overlap `prefix` change nothing.
/// At most 32 (IPv4) or 128 (IPv6) prefixes for each hole.
[[nodiscard]] std::vector<Prefix> subtract(const Prefix& prefix, std::span<const Prefix> holes);

} // namespace ipam
