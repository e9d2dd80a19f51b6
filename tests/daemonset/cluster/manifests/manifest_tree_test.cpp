#include "daemonset/cluster/manifests/manifest_tree.h"
#include "tests/daemonset/cluster/manifests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>

namespace agent::cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const ManifestTree& tree) {
    std::vector<std::string> found;
    found.reserve(tree.files.size());
    for (const auto& [path, stamp] : tree.files) found.push_back(path.substr(path.rfind('/') + 1));
    return found;
}

TEST(ManifestTree, lists_manifests_at_any_depth_and_nothing_else) {
    const TemporaryDirectory folder;
    for (const auto* name : {"b.yaml", "a.yml", "c.json", "sub/deep/d.yaml", ".hidden.yaml", ".hidden/e.yaml",
                             "README.md", "f.yaml~", ".f.yaml.swp", "yaml", "dir.yaml/g.yaml"})
        folder.write(name, "");
    const ManifestTree tree = walk_manifests(folder.path());
    EXPECT_THAT(tree.errors, IsEmpty());
    EXPECT_THAT(names(tree), ElementsAre("a.yml", "b.yaml", "c.json", "g.yaml", "d.yaml"));
    EXPECT_THAT(tree.directories,
                ElementsAre(folder.path(), folder.path("dir.yaml"), folder.path("sub"), folder.path("sub/deep")));
}

TEST(ManifestTree, follows_links_to_files_only) {
    const TemporaryDirectory folder;
    folder.write(".data/a.yaml", "");
    folder.write("sub/b.yaml", "");
    std::filesystem::create_symlink(".data/a.yaml", folder.path("a.yaml"));
    std::filesystem::create_directory_symlink("..", folder.path("sub/loop"));
    std::filesystem::create_symlink("nowhere", folder.path("lost.yaml"));
    ASSERT_EQ(::mkfifo(folder.path("pipe.yaml").c_str(), 0600), 0);
    const ManifestTree tree = walk_manifests(folder.path());
    EXPECT_THAT(names(tree), ElementsAre("a.yaml", "lost.yaml", "b.yaml"));
    EXPECT_EQ(tree.files.at(folder.path("lost.yaml")), FileStamp{});
    const std::vector<std::string> paths{folder.path("lost.yaml"), folder.path()};
    EXPECT_THAT(load_manifests(paths).errors,
                testing::Contains(FileError{folder.path("lost.yaml"), 0, "cannot be read: No such file or directory"}));
}

TEST(ManifestTree, a_root_that_is_a_file_is_that_file) {
    const TemporaryDirectory folder;
    folder.write("notes.txt", "");
    EXPECT_THAT(names(walk_manifests(folder.path("notes.txt"))), ElementsAre("notes.txt"));
    EXPECT_THAT(walk_manifests(folder.path("absent")).errors,
                ElementsAre(FileError{folder.path("absent"), 0, "cannot be read: No such file or directory"}));
}

TEST(ManifestTree, a_stamp_changes_with_its_file) {
    const TemporaryDirectory folder;
    folder.write("a.yaml", "x");
    const auto before = stamp_of(folder.path("a.yaml"));
    folder.replace("a.yaml", "y");
    const auto after = stamp_of(folder.path("a.yaml"));
    ASSERT_TRUE(before && after);
    EXPECT_NE(*before, *after);
    EXPECT_EQ(walk_manifests(folder.path()).files.begin()->second, *after);
}

TEST(LoadManifests, reads_everything_into_one_state) {
    const TemporaryDirectory folder;
    folder.write("one/a.yaml", pod_yaml("a", "x") + "---\n{apiVersion: v1, kind: Service}\n");
    folder.write("one/broken.yaml", "a: [");
    folder.write("two/b.json", R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}})");
    folder.write("two/c.yaml", pod_yaml("a", "other"));
    const std::vector<std::string> paths{folder.path("one"), folder.path("two"), folder.path("absent")};
    const LoadedManifests loaded = load_manifests(paths);
    ASSERT_EQ(loaded.state.pods.size(), 2U);
    EXPECT_EQ(loaded.state.pods.at({"default", "a"}).labels.at("l"), "x");
    ASSERT_EQ(loaded.errors.size(), 3U);
    EXPECT_THAT(loaded.errors[0].text(), HasSubstr("absent: cannot be read"));
    EXPECT_THAT(loaded.errors[1].text(), HasSubstr("broken.yaml:1: not YAML"));
    EXPECT_THAT(loaded.errors[2].text(),
                HasSubstr("c.yaml:1: Pod default/a is also in " + folder.path("one/a.yaml:1")));
    ASSERT_EQ(loaded.skipped.size(), 1U);
    EXPECT_EQ(loaded.skipped[0].kind.kind, "Service");
}

/// Manifests written for other clusters.
TEST(LoadManifests, real_manifests_are_read_completely) {
    const char* folder = std::getenv("OVS_CNI_TEST_MANIFESTS");
    if (folder == nullptr) GTEST_SKIP() << "OVS_CNI_TEST_MANIFESTS is not set";
    const std::vector<std::string> paths{folder};
    const LoadedManifests loaded = load_manifests(paths);
    for (const auto& error : loaded.errors) ADD_FAILURE() << error.text();
    EXPECT_EQ(loaded.state.workloads.size(), 23U);
    EXPECT_EQ(loaded.state.policies.size(), 25U);
    EXPECT_EQ(loaded.state.namespaces.size(), 5U);
    std::vector<std::string> skipped;
    skipped.reserve(loaded.skipped.size());
    for (const auto& object : loaded.skipped) skipped.push_back(object.kind.kind);
    EXPECT_THAT(skipped, testing::UnorderedElementsAre("ConfigMap", "Service", "ServiceAccount", "ClusterRoleBinding",
                                                       "RoleBinding", "Route"));
}

} // namespace
} // namespace agent::cluster
