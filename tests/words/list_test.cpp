#include "words/list.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace words {
namespace {

struct Named {
    std::string name;
    [[nodiscard]] std::string text() const { return "<" + name + ">"; }
};

const std::vector<std::string> kFour{"a", "b", "c", "d"};
const std::vector<Named> kNamed{{"x"}, {"y"}, {"z"}};

TEST(Join, separators_stand_between_the_elements_only) {
    EXPECT_EQ(join(kFour), "a, b, c, d");
    EXPECT_EQ(join(kFour, "; "), "a; b; c; d");
    EXPECT_EQ(join(std::vector<std::string>{"one"}), "one");
    EXPECT_EQ(join(std::vector<std::string>{}), "");
}

TEST(Join, an_empty_element_keeps_its_separators) {
    EXPECT_EQ(join(std::vector<std::string>{"", "", "a", ""}, ","), ",,a,");
}

TEST(Join, a_projection_makes_the_texts) {
    EXPECT_EQ(join(kNamed, &Named::text), "<x>, <y>, <z>");
    EXPECT_EQ(join(kNamed, &Named::name, " and "), "x and y and z");
    EXPECT_EQ(join(std::map<std::string, int>{{"a", 1}, {"b", 2}},
                   [](const auto& pair) { return pair.first + "=" + std::to_string(pair.second); }),
              "a=1, b=2");
}

TEST(Join, views_and_other_kinds_of_texts_are_taken_too) {
    const std::map<std::string, int> map{{"a", 1}, {"b", 2}};
    EXPECT_EQ(join(map | std::views::keys), "a, b");
    EXPECT_EQ(join(std::vector<std::string_view>{"a", "b"}, ""), "ab");
    EXPECT_EQ(join(std::set<const char*>{"a"}), "a");
}

TEST(SomeOf, what_is_not_named_is_counted) {
    EXPECT_EQ(some_of(kFour, 0), " and 4 more");
    EXPECT_EQ(some_of(kFour, 1), "a and 3 more");
    EXPECT_EQ(some_of(kFour, 3), "a, b, c and 1 more");
    EXPECT_EQ(some_of(kFour, 4), "a, b, c, d");
    EXPECT_EQ(some_of(kFour, 5), "a, b, c, d");
    EXPECT_EQ(some_of(std::vector<std::string>{}, 3), "");
    EXPECT_EQ(some_of(std::set<std::string>{"p", "q"}, 1), "p and 1 more");
    EXPECT_EQ(some_of(kNamed, 2, &Named::text), "<x>, <y> and 1 more");
}

TEST(FirstOf, the_others_are_counted_in_parentheses) {
    EXPECT_EQ(first_of(kFour), "a (and 3 more)");
    EXPECT_EQ(first_of(std::vector<std::string>{"a"}), "a");
    EXPECT_EQ(first_of(std::vector<std::string>{}), "");
    EXPECT_EQ(first_of(kNamed, &Named::text), "<x> (and 2 more)");
}

TEST(AndMore, none_is_not_mentioned) {
    EXPECT_EQ(and_more(0), "");
    EXPECT_EQ(and_more(1), " and 1 more");
}

} // namespace
} // namespace words
