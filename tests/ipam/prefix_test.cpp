#include "ipam/prefix.h"

#include "tests/ipam/seed.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ipam {
namespace {

Prefix prefix(const char* text) { return Prefix::parse(text).value(); }

std::vector<std::string> texts(const std::vector<Prefix>& prefixes) {
    std::vector<std::string> out;
    out.reserve(prefixes.size());
    for (const auto& item : prefixes) out.push_back(item.text());
    return out;
}

TEST(Prefix, bits_beyond_the_length_are_cleared) {
    EXPECT_EQ(prefix("10.0.0.7/24").text(), "10.0.0.0/24");
    EXPECT_EQ(prefix("fd00::ff/120").text(), "fd00::/120");
    EXPECT_EQ(prefix("1.2.3.4/0").text(), "0.0.0.0/0");
}

TEST(Prefix, an_error_says_what_is_wrong_with_it) {
    for (const char* const wrong :
         {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/2x", "fd00::/129", "/8"})
        EXPECT_FALSE(Prefix::parse(wrong)) << wrong;
    EXPECT_EQ(Prefix::parse("10.0.0.0/33").error().message,
              "'10.0.0.0/33' is not a CIDR: the prefix length must be a number from 0 to 32");
}

TEST(Prefix, subtraction_leaves_the_fewest_prefixes) {
    const Prefix holes[] = {prefix("10.0.0.0/26"), prefix("10.0.0.128/25"), prefix("192.168.0.0/16")};
    EXPECT_EQ(texts(subtract(prefix("10.0.0.0/24"), holes)), std::vector<std::string>{"10.0.0.64/26"});
    EXPECT_TRUE(subtract(prefix("10.0.0.0/24"), std::array{prefix("10.0.0.0/8")}).empty());
    EXPECT_EQ(texts(subtract(prefix("::/0"), {})), std::vector<std::string>{"::/0"});
}

TEST(Prefix, what_subtraction_leaves_is_exactly_what_no_hole_contains) {
    std::mt19937 random(seed_of_run());
    for (int round = 0; round < 300; ++round) {
        const Prefix whole =
            Prefix::covering({Family::IPv4, 0x0a000000U | (random() & 0xff00)}, 20 + static_cast<int>(random() % 8));
        std::vector<Prefix> holes(random() % 5);
        for (auto& hole : holes)
            hole = Prefix::covering({Family::IPv4, whole.address.bits | (random() & 0xfff)},
                                    20 + static_cast<int>(random() % 13));
        const auto left = subtract(whole, holes);
        for (auto bits = whole.first().bits; bits <= whole.last().bits; ++bits) {
            const IpAddress address{Family::IPv4, bits};
            const auto contains = [&](const Prefix& item) { return item.contains(address); };
            ASSERT_EQ(std::ranges::count_if(left, contains), std::ranges::none_of(holes, contains) ? 1 : 0)
                << address.text() << " of " << whole.text();
        }
    }
}

} // namespace
} // namespace ipam
