#include "daemonset/base/json_nesting.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace agent {
namespace {

/// The texts in a stream, and at the end the incomplete one.
std::vector<std::string> texts(std::string_view stream) {
    JsonNesting nesting;
    std::vector<std::string> found(1);
    for (const char c : stream) {
        found.back() += c;
        if (nesting.take(c)) found.emplace_back();
    }
    return found;
}

using Texts = std::vector<std::string>;

TEST(JsonNesting, a_text_ends_where_its_brackets_balance) {
    EXPECT_EQ(texts(R"({"a":[1,{}]}{}[[]]{"b")"), (Texts{R"({"a":[1,{}]})", "{}", "[[]]", R"({"b")"}));
}

TEST(JsonNesting, brackets_in_strings_do_not_count) {
    EXPECT_EQ(texts(R"({"}":"]{["}{})"), (Texts{R"({"}":"]{["})", "{}", ""}));
    EXPECT_EQ(texts(R"({"a\"}":"\\"}{})"), (Texts{R"({"a\"}":"\\"})", "{}", ""}));
}

TEST(JsonNesting, what_was_never_opened_ends_a_text) { EXPECT_EQ(texts("}{}"), (Texts{"}", "{}", ""})); }

TEST(JsonNesting, it_says_how_deep_it_is_and_whether_in_a_string) {
    JsonNesting nesting;
    for (const char c : std::string_view(R"({"a":["b)")) nesting.take(c);
    EXPECT_EQ(nesting.depth(), 2);
    EXPECT_TRUE(nesting.in_string());
    nesting.take('"');
    EXPECT_FALSE(nesting.in_string());
}

} // namespace
} // namespace agent
