#include "daemonset/cluster/text/yaml_scalar.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace agent::cluster {
namespace {

using nlohmann::json;

struct Case {
    std::string text;
    json value;
};

std::ostream& operator<<(std::ostream& out, const Case& scalar) { return out << "'" << scalar.text << "'"; }

class PlainScalar : public testing::TestWithParam<Case> {};

TEST_P(PlainScalar, has_the_type_that_kubernetes_gives_it) {
    const json found = plain_scalar(GetParam().text);
    EXPECT_EQ(found, GetParam().value);
    EXPECT_EQ(found.is_number_integer(), GetParam().value.is_number_integer());
    EXPECT_EQ(found.type_name(), std::string(GetParam().value.type_name()));
}

INSTANTIATE_TEST_SUITE_P(
    Table, PlainScalar,
    testing::Values(Case{"", nullptr}, Case{"~", nullptr}, Case{"null", nullptr}, Case{"NULL", nullptr},
                    Case{"nULL", "nULL"}, Case{"true", true}, Case{"True", true}, Case{"yes", true}, Case{"on", true},
                    Case{"false", false}, Case{"No", false}, Case{"OFF", false}, Case{"y", "y"}, Case{"oN", "oN"},
                    Case{"80", 80U}, Case{"-1", -1}, Case{"+7", 7U}, Case{"0", 0U}, Case{"0x1F", 31U},
                    Case{"0o17", 15U}, Case{"0644", 420U}, Case{"0b101", 5U}, Case{"1_000", 1000U},
                    Case{"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
                    Case{"-9223372036854775808", std::numeric_limits<std::int64_t>::min()}, Case{"1.5", 1.5},
                    Case{"-.5", -0.5}, Case{"1e3", 1000.0}, Case{"+2.5", 2.5},
                    Case{"18446744073709551616", 18446744073709551616.0}, Case{"2001-01-01", "2001-01-01"},
                    Case{"1.2.3.4", "1.2.3.4"}, Case{"10.0.0.0/8", "10.0.0.0/8"}, Case{"100m", "100m"}, Case{"-", "-"},
                    Case{".", "."}, Case{"+", "+"}, Case{"0x", "0x"}, Case{"1e", "1e"}, Case{"089", 89.0},
                    Case{".inf", ".inf"}, Case{"a b", "a b"}));

} // namespace
} // namespace agent::cluster
