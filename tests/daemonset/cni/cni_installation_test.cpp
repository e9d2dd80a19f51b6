// Plugin and conflist in the test's own folders.
#include "daemonset/base/whole_file.h"
#include "daemonset/cni/cni_installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace agent {
namespace {

namespace filesystem = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Installation : public ::testing::Test {
  protected:
    Installation() {
        std::string pattern = (filesystem::temp_directory_path() / "installation.XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        folder = pattern;
        configuration.cni_config_directory = folder / "net.d";
        configuration.cni_bin_directory = folder / "bin";
        plugin = folder / "source" / "ovs-cni";
        put(plugin, "the plugin");
    }
    ~Installation() override { filesystem::remove_all(folder); }

    static void put(const filesystem::path& path, const std::string& text) {
        filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    void put_plugin(const std::string& name, const std::string& versions) const {
        const auto path = folder / "bin" / name;
        put(path, "#!/bin/sh\n[ $CNI_COMMAND = VERSION ] && grep -q cniVersion && echo '{\"supportedVersions\": " +
                      versions + "}'\n");
        filesystem::permissions(path, filesystem::perms::owner_all);
    }
    [[nodiscard]] CniInstallation install() const {
        auto installed = install_cni(configuration, plugin);
        if (!installed) throw std::runtime_error(installed.error().message);
        return std::move(*installed);
    }
    [[nodiscard]] nlohmann::json list() const { return nlohmann::json::parse(conflist(configuration).text); }
    static std::vector<std::string> names_in(const filesystem::path& path) {
        std::vector<std::string> names;
        for (const auto& entry : filesystem::directory_iterator(path)) names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }

    filesystem::path folder;
    filesystem::path plugin;
    NodeConfiguration configuration;
};

TEST_F(Installation, plugin_and_conflist_appear_and_nothing_else) {
    EXPECT_THAT(install().written, ElementsAre(folder / "bin" / "ovs-cni", folder / "net.d" / "10-ovs-cni.conflist"));
    EXPECT_THAT(names_in(folder / "bin"), ElementsAre("ovs-cni"));
    EXPECT_THAT(names_in(folder / "net.d"), ElementsAre("10-ovs-cni.conflist"));
    EXPECT_EQ(*read_whole(folder / "bin" / "ovs-cni"), "the plugin");
    EXPECT_EQ(access((folder / "bin" / "ovs-cni").c_str(), X_OK), 0);
}

TEST_F(Installation, the_conflist_has_the_plugins_that_the_node_has) {
    EXPECT_EQ(list(), nlohmann::json::parse(R"({"cniVersion": "1.0.0", "cniVersions": ["1.0.0", "1.1.0"],
                                        "name": "ovs-cni", "plugins": [{"type": "ovs-cni"}]})"));
    put_plugin("bandwidth", R"(["1.0.0", "1.1.0"])");
    put_plugin("portmap", R"(["1.1.0"])");
    EXPECT_THAT(list()["cniVersions"], ElementsAre("1.0.0", "1.1.0"));
    EXPECT_EQ(list()["plugins"], nlohmann::json::parse(R"([{"type": "ovs-cni"},
        {"type": "portmap", "capabilities": {"portMappings": true}},
        {"type": "bandwidth", "capabilities": {"bandwidth": true}}])"));
}

TEST_F(Installation, the_conflist_offers_the_versions_that_all_its_plugins_speak) {
    put_plugin("bandwidth", R"(["1.1.0"])");
    put_plugin("portmap", R"(["0.4.0", "1.0.0"])");
    EXPECT_EQ(list()["cniVersion"], "1.0.0");
    EXPECT_THAT(list()["cniVersions"], ElementsAre("1.0.0"));
    EXPECT_THAT(install().outdated, ElementsAre(HasSubstr("bin/portmap does not support 1.1.0")));
    put_plugin("portmap", "1");
    EXPECT_THAT(install().outdated, ElementsAre(HasSubstr("no supportedVersions")));
    filesystem::permissions(folder / "bin" / "portmap", filesystem::perms::none);
    EXPECT_THAT(install().outdated, ElementsAre(HasSubstr("bin/portmap for its versions: Permission denied")));
    EXPECT_EQ(list()["plugins"].size(), 3);
}

TEST_F(Installation, the_plugin_is_told_what_differs_from_its_defaults) {
    configuration.cni_socket = "/elsewhere.sock";
    configuration.pod_wait = std::chrono::seconds(60);
    EXPECT_EQ(list()["plugins"][0], nlohmann::json::parse(R"({"type": "ovs-cni", "agentSocket": "/elsewhere.sock",
                                                             "agentTimeoutSeconds": 75})"));
}

TEST_F(Installation, what_is_right_is_not_written_again) {
    ASSERT_FALSE(install().written.empty());
    EXPECT_THAT(install().written, IsEmpty());
    put(folder / "bin" / "ovs-cni", "older bytes");
    EXPECT_THAT(install().written, ElementsAre(folder / "bin" / "ovs-cni"));
    ASSERT_EQ(chmod((folder / "bin" / "ovs-cni").c_str(), 0600), 0);
    EXPECT_THAT(install().written, ElementsAre(folder / "bin" / "ovs-cni")) << "the mode counts as well";
    filesystem::remove(folder / "net.d" / "10-ovs-cni.conflist");
    EXPECT_THAT(install().written, ElementsAre(folder / "net.d" / "10-ovs-cni.conflist"));
}

TEST_F(Installation, a_reader_of_the_old_plugin_keeps_it) {
    put(folder / "bin" / "ovs-cni", "older bytes");
    std::ifstream reader(folder / "bin" / "ovs-cni");
    ASSERT_FALSE(install().written.empty());
    std::string text;
    std::getline(reader, text);
    EXPECT_EQ(text, "older bytes");
}

TEST_F(Installation, without_a_plugin_there_is_no_conflist) {
    const auto installed = install_cni(configuration, folder / "nowhere" / "ovs-cni");
    ASSERT_FALSE(installed);
    EXPECT_THAT(installed.error().message, HasSubstr("nowhere/ovs-cni: No such file"));
    EXPECT_FALSE(filesystem::exists(folder / "net.d"));
}

TEST_F(Installation, a_write_that_fails_leaves_nothing_behind) {
    filesystem::create_directories(folder / "bin" / "ovs-cni" / "in-the-way"); // a folder cannot be renamed over
    const auto installed = install_cni(configuration, plugin);
    ASSERT_FALSE(installed);
    EXPECT_THAT(installed.error().message, HasSubstr("bin/ovs-cni: "));
    EXPECT_THAT(names_in(folder / "bin"), ElementsAre("ovs-cni"));
    EXPECT_FALSE(filesystem::exists(folder / "net.d"));
}

TEST_F(Installation, a_file_left_by_a_write_cut_short_is_written_over) {
    put(folder / "bin" / ".ovs-cni.new", "half of a much longer file than the plugin");
    ASSERT_FALSE(install().written.empty());
    EXPECT_EQ(*read_whole(folder / "bin" / "ovs-cni"), "the plugin");
    EXPECT_THAT(names_in(folder / "bin"), ElementsAre("ovs-cni"));
}

TEST_F(Installation, networks_of_others_are_named_by_what_they_mean) {
    for (const auto* name : {"00-first.conf", "05-second.conflist", "99-last.json", "README", "09-old.conflist.bak"})
        put(folder / "net.d" / name, "{}");
    const auto installed = install();
    EXPECT_THAT(installed.before, ElementsAre("00-first.conf", "05-second.conflist"));
    EXPECT_THAT(installed.after, ElementsAre("99-last.json"));
}

TEST_F(Installation, removal_takes_both_away_and_finds_nothing_afterwards) {
    ASSERT_FALSE(install().written.empty());
    put(folder / "bin" / "portmap", "");
    EXPECT_THAT(*remove_cni(configuration),
                ElementsAre(folder / "net.d" / "10-ovs-cni.conflist", folder / "bin" / "ovs-cni"));
    EXPECT_THAT(*remove_cni(configuration), IsEmpty());
    EXPECT_THAT(names_in(folder / "bin"), ElementsAre("portmap"));
}

TEST_F(Installation, removal_touches_nothing_where_the_agent_installs_nothing) {
    ASSERT_FALSE(install().written.empty());
    configuration.cni_config_directory.clear();
    EXPECT_THAT(*remove_cni(configuration), IsEmpty());
    EXPECT_TRUE(filesystem::exists(folder / "bin" / "ovs-cni"));
}

} // namespace
} // namespace agent
