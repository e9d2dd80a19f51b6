// Ranges of transport ports as the value/mask pairs that a flow can match.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace flowgen {

struct MaskedPort {
    std::uint16_t value = 0;
    std::uint16_t mask = 0xffff;

    auto operator<=>(const MaskedPort&) const = default;
};

/// The fewest aligned blocks that together are exactly `first` to `last`, both included, in ascending order.
/// At most 30 for any range; 0 to 65535 is one with mask 0.
[[nodiscard]] std::vector<MaskedPort> masked_ports(std::uint16_t first, std::uint16_t last);

} // namespace flowgen
