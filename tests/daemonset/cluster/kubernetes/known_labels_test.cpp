#include "daemonset/cluster/kubernetes/known_labels.h"

#include <gtest/gtest.h>

#include <vector>

namespace agent::kubernetes {
namespace {

using LabelSets = std::map<std::string, std::set<flowgen::Labels>>;

TEST(KnownLabels, a_label_set_is_kept_once_however_many_pods_carry_it) {
    LabelSets state;
    KnownLabels known(state);
    std::vector<SharedLabels> carried;
    for (int pod = 0; pod < 1000; ++pod) {
        carried.push_back(known.find("shop", {{"app", "web"}}));
        EXPECT_EQ(known.add(*carried.back()), pod == 0) << "only the first pod changes the state";
    }
    EXPECT_EQ(known.size(), 1U);
    EXPECT_EQ(carried.front(), carried.back());
    EXPECT_EQ(state, (LabelSets{{"shop", {{{"app", "web"}}}}}));
}

TEST(KnownLabels, with_its_last_pod_a_label_set_goes_and_with_its_last_set_the_namespace) {
    LabelSets state;
    KnownLabels known(state);
    auto web = known.find("shop", {{"app", "web"}});
    auto bare = known.find("shop", {});
    known.add(*web);
    known.add(*web);
    known.add(*bare);
    EXPECT_FALSE(known.remove(*web));
    EXPECT_TRUE(known.remove(*web));
    EXPECT_EQ(state, (LabelSets{{"shop", {{}}}}));
    EXPECT_TRUE(known.remove(*bare));
    EXPECT_TRUE(state.empty());
    web.reset();
    bare.reset();
    EXPECT_EQ(known.size(), 0U);
}

TEST(KnownLabels, equal_labels_in_two_namespaces_are_two) {
    LabelSets state;
    KnownLabels known(state);
    EXPECT_NE(known.find("a", {{"x", "1"}}), known.find("b", {{"x", "1"}}));
}

} // namespace
} // namespace agent::kubernetes
