#include "flowgen/state/label_selector.h"

#include <gtest/gtest.h>

namespace flowgen {
namespace {

using enum LabelRequirement::Operator;

struct Case {
    const char* name;
    LabelSelector selector;
    Labels labels;
    bool expected;
};

class LabelSelectorTest : public testing::TestWithParam<Case> {};

TEST_P(LabelSelectorTest, matches_as_the_api_reference_says) {
    EXPECT_EQ(matches(GetParam().selector, GetParam().labels), GetParam().expected);
}

const Labels kWeb{{"app", "web"}, {"tier", "front"}};

INSTANTIATE_TEST_SUITE_P(
    Rules, LabelSelectorTest,
    testing::Values(Case{"empty_matches_all", {}, kWeb, true}, Case{"empty_matches_no_labels", {}, {}, true},
                    Case{"equal_label", {{{"app", "web"}}, {}}, kWeb, true},
                    Case{"other_value", {{{"app", "db"}}, {}}, kWeb, false},
                    Case{"absent_key", {{{"zone", "a"}}, {}}, kWeb, false},
                    Case{"all_labels_needed", {{{"app", "web"}, {"tier", "back"}}, {}}, kWeb, false},
                    Case{"in_listed", {{}, {{"app", In, {"db", "web"}}}}, kWeb, true},
                    Case{"in_unlisted", {{}, {{"app", In, {"db"}}}}, kWeb, false},
                    Case{"in_absent_key", {{}, {{"zone", In, {""}}}}, kWeb, false},
                    Case{"not_in_listed", {{}, {{"app", NotIn, {"web"}}}}, kWeb, false},
                    Case{"not_in_absent_key", {{}, {{"zone", NotIn, {"a"}}}}, kWeb, true},
                    Case{"exists", {{}, {{"app", Exists, {}}}}, kWeb, true},
                    Case{"exists_absent", {{}, {{"zone", Exists, {}}}}, kWeb, false},
                    Case{"does_not_exist", {{}, {{"zone", DoesNotExist, {}}}}, kWeb, true},
                    Case{"does_not_exist_present", {{}, {{"app", DoesNotExist, {}}}}, kWeb, false},
                    Case{"labels_and_expressions", {{{"app", "web"}}, {{"tier", NotIn, {"front"}}}}, kWeb, false}),
    [](const auto& param_info) { return param_info.param.name; });

} // namespace
} // namespace flowgen
