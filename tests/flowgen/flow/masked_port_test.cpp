#include "flowgen/flow/masked_port.h"

#include <gmock/gmock.h>

#include <random>

namespace flowgen {
namespace {

using testing::ElementsAre;

TEST(MaskedPorts, one_port_is_exact_and_all_ports_are_one_wildcard) {
    EXPECT_THAT(masked_ports(80, 80), ElementsAre(MaskedPort{80, 0xffff}));
    EXPECT_THAT(masked_ports(0, 65535), ElementsAre(MaskedPort{0, 0}));
}

TEST(MaskedPorts, aligned_blocks_are_one_mask_each) {
    EXPECT_THAT(masked_ports(32000, 32768),
                ElementsAre(MaskedPort{32000, 0xff00}, MaskedPort{32256, 0xfe00}, MaskedPort{32768, 0xffff}));
}

TEST(MaskedPorts, cover_exactly_the_range) {
    std::mt19937 random(20231);
    for (int round = 0; round < 200; ++round) {
        auto first = static_cast<std::uint16_t>(random());
        auto last = static_cast<std::uint16_t>(random());
        if (first > last) std::swap(first, last);
        const auto blocks = masked_ports(first, last);
        EXPECT_LE(blocks.size(), 30U);
        for (std::uint32_t port = 0; port <= 0xffff; ++port) {
            int covered = 0;
            for (const auto& block : blocks) covered += (port & block.mask) == block.value ? 1 : 0;
            ASSERT_EQ(covered, port >= first && port <= last ? 1 : 0) << first << "-" << last << " port " << port;
        }
    }
}

} // namespace
} // namespace flowgen
