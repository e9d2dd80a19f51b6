#include "ipam/address.h"

#include <gtest/gtest.h>

#include <vector>

namespace ipam {
namespace {

TEST(IpAddress, what_is_parsed_is_printed_in_its_canonical_form) {
    const std::pair<const char*, const char*> cases[] = {
        {"10.0.0.1", "10.0.0.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"fd00:0:0::00ab", "fd00::ab"},
        {"::", "::"},
        {"FE80::1", "fe80::1"},
        {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
    };
    for (const auto& [written, canonical] : cases) {
        const auto address = IpAddress::parse(written);
        ASSERT_TRUE(address) << address.error().message;
        EXPECT_EQ(address->text(), canonical);
    }
}

TEST(IpAddress, an_error_quotes_what_is_not_an_address) {
    for (const char* const wrong : {"", "10.0.0", "10.0.0.256", "10.0.0.1/24", "fe80::1%eth0", "x"}) {
        const auto address = IpAddress::parse(wrong);
        ASSERT_FALSE(address) << wrong;
        EXPECT_EQ(address.error().message, "'" + std::string(wrong) + "' is not an IP address");
    }
}

TEST(IpAddress, a_list_has_commas_and_no_spaces) {
    const std::vector<IpAddress> both{*IpAddress::parse("10.0.0.1"), *IpAddress::parse("fd00::ab")};
    EXPECT_EQ(text(both), "10.0.0.1,fd00::ab");
    EXPECT_EQ(text(std::span(both).first(1)), "10.0.0.1");
    EXPECT_EQ(text({}), "");
}

TEST(IpAddress, a_mapped_address_stays_of_the_sixth_version) {
    EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1")->family, Family::IPv6);
    EXPECT_NE(*IpAddress::parse("::10.0.0.1"), *IpAddress::parse("10.0.0.1"));
}

TEST(MacAddress, is_read_in_either_case_and_printed_in_lower_case) {
    EXPECT_EQ(MacAddress::parse("0A:bc:00:FF:1e:09")->text(), "0a:bc:00:ff:1e:09");
    EXPECT_EQ(MacAddress::parse("00:00:00:00:01:02")->bits(), 0x0102U);
    for (const char* const wrong :
         {"", "0a:bc:00:ff:1e", "0a:bc:00:ff:1e:09:10", "0abc.00ff.1e09", "0g:00:00:00:00:00"})
        EXPECT_FALSE(MacAddress::parse(wrong)) << wrong;
}

TEST(MacAddress, makes_the_link_local_address_that_a_kernel_makes) {
    EXPECT_EQ(link_local(*MacAddress::parse("0a:b4:45:0c:fe:94")).text(), "fe80::8b4:45ff:fe0c:fe94");
}

} // namespace
} // namespace ipam
