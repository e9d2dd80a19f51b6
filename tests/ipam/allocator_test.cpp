#include "ipam/allocator.h"

#include "words/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ipam {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Prefix prefix(const char* text) { return Prefix::parse(text).value(); }
IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

Allocator over(std::vector<Prefix> ranges, std::vector<IpAddress> used = {}) {
    return Allocator::over(ranges, used).value();
}

/// The next allocation as text, or the error's text.
std::string allocated(Allocator& allocator) {
    const auto addresses = allocator.allocate();
    if (!addresses) return addresses.error().message;
    return words::join(*addresses, &IpAddress::text, " ");
}

/// The next allocations in order.
std::vector<std::string> allocated(Allocator& allocator, std::size_t count) {
    std::vector<std::string> out(count);
    for (auto& one : out) one = allocated(allocator);
    return out;
}

void release(Allocator& allocator, const char* text) { allocator.release(std::array{address(text)}); }

TEST(Allocator, network_gateway_and_broadcast_addresses_are_never_given_out) {
    auto allocator = over({prefix("10.244.1.0/29")});
    const auto given = allocated(allocator, 5);
    EXPECT_THAT(given, ElementsAre("10.244.1.2", "10.244.1.3", "10.244.1.4", "10.244.1.5", "10.244.1.6"));
    EXPECT_FALSE(allocator.allocate());
}

TEST(Allocator, an_ipv6_range_has_no_broadcast_address) {
    auto allocator = over({prefix("fd00::/126")});
    EXPECT_EQ(allocated(allocator), "fd00::2");
    EXPECT_EQ(allocated(allocator), "fd00::3");
    EXPECT_FALSE(allocator.allocate());
}

TEST(Allocator, the_gateway_address_is_the_first_of_the_range) {
    EXPECT_EQ(gateway_address(prefix("10.244.1.0/24")), address("10.244.1.1"));
    EXPECT_EQ(gateway_address(prefix("fd00:10:244:1::/64")), address("fd00:10:244:1::1"));
}

TEST(Allocator, both_families_are_served_ipv4_first) {
    auto allocator = over({prefix("fd00::/64"), prefix("10.244.1.0/24")});
    EXPECT_EQ(allocated(allocator), "10.244.1.2 fd00::2");
}

TEST(Allocator, when_one_family_is_exhausted_nothing_is_taken_of_the_other) {
    auto allocator = over({prefix("10.244.1.0/30"), prefix("fd00::/64")});
    EXPECT_EQ(allocated(allocator), "10.244.1.2 fd00::2");
    EXPECT_THAT(allocated(allocator), HasSubstr("10.244.1.0/30"));
    EXPECT_THAT(allocator.use(), ElementsAre(RangeUse{prefix("10.244.1.0/30"), 1, 1},
                                             RangeUse{prefix("fd00::/64"), std::uint64_t{1} << 63, 1}));
}

TEST(Allocator, exhaustion_names_the_range_and_how_many_addresses_it_has) {
    auto allocator = over({prefix("10.244.1.0/29")});
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(allocator.allocate());
    EXPECT_EQ(allocated(allocator),
              "no address is free in the node's PodCIDR 10.244.1.0/29: all 5 pod addresses are in "
              "use; remove pods from this node or give it a larger PodCIDR");
}

TEST(Allocator, a_range_without_a_usable_address_is_exhausted_from_the_start) {
    for (const char* const tiny : {"10.0.0.0/32", "10.0.0.0/31", "255.255.255.255/32", "fd00::/127", "fd00::1/128"}) {
        auto allocator = over({prefix(tiny)});
        EXPECT_THAT(allocated(allocator), HasSubstr("all 0 ")) << tiny;
    }
}

TEST(Allocator, a_node_without_ranges_says_what_to_set) {
    auto allocator = over({});
    EXPECT_THAT(allocated(allocator), HasSubstr("spec.podCIDRs"));
}

TEST(Allocator, a_freed_address_comes_last) {
    auto allocator = over({prefix("10.244.1.0/29")});
    EXPECT_EQ(allocated(allocator), "10.244.1.2");
    EXPECT_EQ(allocated(allocator), "10.244.1.3");
    release(allocator, "10.244.1.3");
    release(allocator, "10.244.1.2");
    const auto given = allocated(allocator, 5);
    EXPECT_THAT(given, ElementsAre("10.244.1.4", "10.244.1.5", "10.244.1.6", "10.244.1.3", "10.244.1.2"));
}

TEST(Allocator, an_address_freed_twice_is_free_once) {
    auto allocator = over({prefix("10.244.1.0/29")});
    const auto first = allocated(allocator);
    release(allocator, first.c_str());
    release(allocator, first.c_str());
    release(allocator, "10.244.1.6");
    std::set<std::string> given;
    for (int i = 0; i < 5; ++i) given.insert(allocated(allocator));
    EXPECT_EQ(given.size(), 5U);
    EXPECT_FALSE(allocator.allocate());
}

TEST(Allocator, after_a_restart_the_search_goes_on_above_what_is_in_use) {
    auto allocator = over({prefix("10.244.1.0/29")}, {address("10.244.1.4"), address("10.244.1.2")});
    const auto given = allocated(allocator, 3);
    EXPECT_THAT(given, ElementsAre("10.244.1.5", "10.244.1.6", "10.244.1.3"));
}

TEST(Allocator, used_addresses_outside_the_ranges_take_no_room) {
    auto allocator = over({prefix("10.244.1.0/30")}, {address("10.9.0.7"), address("fd00::7"), address("10.244.1.1")});
    EXPECT_THAT(allocator.use(), ElementsAre(RangeUse{prefix("10.244.1.0/30"), 1, 0}));
    release(allocator, "10.9.0.7");
    EXPECT_EQ(allocated(allocator), "10.244.1.2");
    EXPECT_FALSE(allocator.allocate());
}

TEST(Allocator, two_ranges_of_one_family_are_refused) {
    const auto allocator = Allocator::over(std::array{prefix("10.1.0.0/24"), prefix("10.2.0.0/24")}, {});
    ASSERT_FALSE(allocator);
    EXPECT_THAT(allocator.error().message, HasSubstr("two IPv4 PodCIDRs, 10.1.0.0/24 and 10.2.0.0/24"));
}

TEST(Allocator, the_largest_ranges_are_served_without_being_walked_through) {
    for (const char* const huge : {"0.0.0.0/0", "::/0", "fd00::/8"}) {
        auto allocator = over({prefix(huge)});
        std::set<std::string> given;
        for (int i = 0; i < 20000; ++i) {
            const auto next = allocator.allocate().value();
            given.insert(next[0].text());
            if (i % 2 == 0) allocator.release(next);
        }
        EXPECT_EQ(given.size(), 20000U) << huge;
    }
}

} // namespace
} // namespace ipam
