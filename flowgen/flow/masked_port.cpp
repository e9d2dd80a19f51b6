#include "flowgen/flow/masked_port.h"

#include <algorithm>
#include <bit>

namespace flowgen {

std::vector<MaskedPort> masked_ports(std::uint16_t first, std::uint16_t last) {
    std::vector<MaskedPort> blocks;
    std::uint32_t next = first;
    while (next <= last) {
        // The largest block that starts at `next`: limited by its alignment and by what is left of the range.
        const std::uint32_t aligned = next == 0 ? 0x10000 : next & -next;
        const std::uint32_t size = std::min(aligned, std::bit_floor(last - next + 1U));
        blocks.push_back({static_cast<std::uint16_t>(next), static_cast<std::uint16_t>(~(size - 1))});
        next += size;
    }
    return blocks;
}

} // namespace flowgen
