#include "daemonset/cluster/manifests/object_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace agent::cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

flowgen::Pod made_pod(const std::string& name, const std::string& label) {
    flowgen::Pod pod;
    pod.id = {"default", name};
    pod.labels = {{"from", label}};
    return pod;
}

FileObject pod(const std::string& name, const std::string& label, int line = 1) {
    return {made_pod(name, label), line};
}

std::string label_of(const ObjectClaims& claims, const std::string& name) {
    const auto found = claims.state().pods.find({"default", name});
    return found == claims.state().pods.end() ? "nowhere" : found->second.labels.at("from");
}

ObjectKey key(const std::string& name) { return {"Pod", {"default", name}}; }

TEST(ObjectClaims, every_kind_goes_into_its_map) {
    ObjectClaims claims;
    std::vector<FileObject> objects;
    objects.push_back({flowgen::Namespace{"shop", {}, ""}, 1});
    objects.push_back({flowgen::Node{"n1", {}, {}}, 2});
    objects.push_back({flowgen::Workload{"Job", {"shop", "j"}, 1, {}}, 3});
    objects.push_back({flowgen::Workload{"Deployment", {"shop", "j"}, 1, {}}, 4});
    objects.push_back({flowgen::NetworkPolicy{{"shop", "p"}, {}, {}, {}, {}}, 5});
    objects.push_back(pod("a", "x"));
    claims.set("a.yaml", std::move(objects));
    EXPECT_TRUE(claims.state().namespaces.contains("shop"));
    EXPECT_TRUE(claims.state().nodes.contains("n1"));
    EXPECT_TRUE(claims.state().policies.contains({"shop", "p"}));
    EXPECT_TRUE(claims.state().workloads.contains({"Job", {"shop", "j"}}));
    EXPECT_TRUE(claims.state().workloads.contains({"Deployment", {"shop", "j"}}));
    EXPECT_EQ(claims.take_changed().size(), 6U);
    claims.remove("a.yaml");
    EXPECT_EQ(claims.state(), flowgen::ClusterState{});
    EXPECT_EQ(claims.take_changed().size(), 6U);
}

TEST(ObjectClaims, only_what_differs_is_changed) {
    ObjectClaims claims;
    claims.set("a.yaml", {pod("a", "x"), pod("b", "x")});
    EXPECT_THAT(claims.take_changed(), ElementsAre(key("a"), key("b")));
    claims.set("a.yaml", {pod("a", "x"), pod("b", "y"), pod("c", "x")});
    EXPECT_THAT(claims.take_changed(), ElementsAre(key("b"), key("c")));
    claims.set("a.yaml", {pod("a", "x"), pod("b", "y")});
    EXPECT_THAT(claims.take_changed(), ElementsAre(key("c")));
    claims.set("b.yaml", {pod("a", "x"), pod("b", "y")});
    claims.remove("a.yaml");
    EXPECT_THAT(claims.take_changed(), IsEmpty()) << "a renamed file changes nothing";
}

TEST(ObjectClaims, the_file_that_sorts_first_counts_in_every_order) {
    ObjectClaims claims;
    claims.set("b.yaml", {pod("a", "b", 7)});
    claims.set("a.yaml", {pod("a", "a", 3)});
    claims.set("c.yaml", {pod("a", "c", 9)});
    EXPECT_EQ(label_of(claims, "a"), "a");
    ASSERT_EQ(claims.conflicts().size(), 2U);
    EXPECT_EQ(claims.conflicts()[0].error().text(),
              "b.yaml:7: Pod default/a is also in a.yaml:3, which takes precedence: remove one");
    EXPECT_EQ(claims.conflicts()[1].error().text(),
              "c.yaml:9: Pod default/a is also in a.yaml:3, which takes precedence: remove one");
    claims.remove("a.yaml");
    EXPECT_EQ(label_of(claims, "a"), "b");
    claims.set("c.yaml", {pod("a", "new", 9)});
    claims.remove("b.yaml");
    EXPECT_EQ(label_of(claims, "a"), "new");
    EXPECT_THAT(claims.conflicts(), IsEmpty());
}

/// The state from reading all files at once.
flowgen::ClusterState merged(const std::map<std::string, std::map<std::string, std::string>>& files) {
    flowgen::ClusterState state;
    for (const auto& [file, pods] : files)
        for (const auto& [name, label] : pods) {
            const flowgen::Pod made = made_pod(name, label);
            state.pods.try_emplace(made.id, made);
        }
    return state;
}

TEST(ObjectClaims, any_history_leads_to_the_state_of_the_files) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    ObjectClaims claims;
    std::map<std::string, std::map<std::string, std::string>> files;
    flowgen::ClusterState told;
    for (int step = 0; step < 3000; ++step) {
        const std::string file(1, static_cast<char>('a' + random() % 5));
        std::vector<FileObject> objects;
        files[file].clear();
        for (char name = 'p'; name < 'u'; ++name) {
            if (random() % 3 != 0) continue;
            const std::string label = std::to_string(random() % 3);
            files[file][std::string(1, name)] = label;
            objects.push_back(pod(std::string(1, name), label));
        }
        claims.set(file, std::move(objects));
        ASSERT_EQ(claims.state(), merged(files)) << "step " << step;
        if (random() % 4 != 0) continue;
        std::vector<ObjectKey> differing;
        for (char name = 'p'; name < 'u'; ++name) {
            const flowgen::ObjectName id{"default", std::string(1, name)};
            const auto was = told.pods.find(id);
            const auto is = claims.state().pods.find(id);
            const bool same = (was == told.pods.end() && is == claims.state().pods.end()) ||
                              (was != told.pods.end() && is != claims.state().pods.end() && was->second == is->second);
            if (!same) differing.push_back({"Pod", id});
        }
        ASSERT_EQ(claims.take_changed(), differing) << "step " << step;
        ASSERT_EQ(claims.state(), merged(files)) << "step " << step;
        told = claims.state();
    }
}

} // namespace
} // namespace agent::cluster
