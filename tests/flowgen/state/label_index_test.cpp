#include "flowgen/state/label_index.h"

#include <gmock/gmock.h>

namespace flowgen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ClusterState two_namespaces() {
    ClusterState state;
    state.namespaces["shop"] = {"shop", {}, "2024-05-01T00:00:00Z"};
    state.namespaces["ops"] = {"ops", {{"team", "ops"}}, "2024-06-01T00:00:00Z"};
    return state;
}

TEST(Labels, they_are_named_in_braces_sorted_by_key) {
    EXPECT_EQ(text(Labels{{"b", "2"}, {"a", "1"}}), "{a=1,b=2}");
    EXPECT_EQ(text(Labels{{"b", "2"}, {"a", ""}}, ", "), "{a=, b=2}");
    EXPECT_EQ(text(Labels{}), "{}");
}

TEST(LabelIndex, a_namespace_carries_its_name_whatever_its_manifest_says) {
    auto state = two_namespaces();
    state.namespaces["shop"].labels = {{kNamespaceNameLabel, "lie"}};
    EXPECT_EQ(index_labels(state).namespaces.at("shop").labels, (Labels{{kNamespaceNameLabel, "shop"}}));
}

TEST(LabelIndex, a_namespace_that_objects_merely_name_exists) {
    ClusterState state;
    state.pods[{"shop", "web"}] = Pod{{"shop", "web"}, "", {}, "", false, false, {}, {}};
    EXPECT_FALSE(index_labels(state).refused("shop"));
    EXPECT_TRUE(index_labels(state).refused("other"));
}

TEST(LabelIndex, equal_label_sets_are_one) {
    auto state = two_namespaces();
    for (const char* name : {"a", "b"})
        state.pods[{"shop", name}] = Pod{{"shop", name}, "", {{"x", "1"}}, "", false, false, {}, {}};
    Workload workload{"Deployment", {"shop", "w"}, 0, {}};
    workload.pod_template.labels = {{"x", "2"}};
    state.workloads[{"Deployment", workload.id}] = workload;
    EXPECT_EQ(index_labels(state).namespaces.at("shop").label_sets.size(), 2U);
}

TEST(LabelIndex, a_label_set_known_without_its_pods_is_indexed) {
    auto state = two_namespaces();
    state.label_sets["shop"] = {{{"app", "web"}}};
    const auto index = index_labels(state);
    ASSERT_EQ(index.namespaces.at("shop").label_sets.size(), 1U);
    EXPECT_EQ(index.namespaces.at("shop").label_sets.front().identity, pod_identity("shop", {{"app", "web"}}));
    EXPECT_TRUE(index.namespaces.at("ops").label_sets.empty());
}

TEST(LabelIndex, from_one_to_a_thousand_pods_of_a_known_label_set_nothing_changes) {
    auto state = two_namespaces();
    state.label_sets["shop"] = {{{"app", "web"}}};
    const auto before = index_labels(state).namespaces.at("shop").label_sets;
    for (int i = 0; i < 1000; ++i) {
        const ObjectName id{"shop", "web-" + std::to_string(i)};
        state.label_sets["shop"].insert(Labels{{"app", "web"}});
        state.pods[id] = Pod{id, "", {{"app", "web"}}, "", false, false, {}, {}};
    }
    EXPECT_EQ(index_labels(state).namespaces.at("shop").label_sets, before);
}

TEST(LabelIndex, a_namespace_that_label_sets_merely_name_exists) {
    ClusterState state;
    state.label_sets["shop"] = {{}};
    EXPECT_FALSE(index_labels(state).refused("shop"));
}

TEST(LabelIndex, of_namespaces_with_one_hash_the_younger_is_refused) {
    const auto state = two_namespaces();
    auto index = index_labels(state);
    EXPECT_TRUE(index.warnings.empty());
    for (auto& [name, entry] : index.namespaces) entry.bits = 4711; // as if SHA-256 had collided
    refuse_collisions(state, index);
    EXPECT_FALSE(index.refused("shop"));
    EXPECT_TRUE(index.refused("ops"));
    EXPECT_THAT(index.warnings, ElementsAre(HasSubstr("namespace ops is cut off")));
}

TEST(Identity, reserved_namespace_values_are_never_a_namespaces) {
    for (int i = 0; i < 1000; ++i) EXPECT_GE(namespace_bits(std::to_string(i)), kReservedNamespaces);
    EXPECT_LT(namespace_bits("x"), std::uint64_t{1} << 56);
}

TEST(Identity, depends_on_namespace_and_labels_alone) {
    EXPECT_EQ(pod_identity("a", {{"k", "v"}}), pod_identity("a", {{"k", "v"}}));
    EXPECT_NE(pod_identity("a", {{"k", "v"}}), pod_identity("b", {{"k", "v"}}));
    EXPECT_NE(pod_identity("a", {{"k", "v"}}), pod_identity("a", {{"k", "w"}}));
    EXPECT_NE(pod_identity("a", {}), pod_identity("a", {{"k", ""}}));
}

} // namespace
} // namespace flowgen
