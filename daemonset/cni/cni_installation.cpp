#include "daemonset/cni/cni_installation.h"

#include "daemonset/base/whole_file.h"
#include "daemonset/cni/plugin_versions.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace agent {
namespace {

namespace filesystem = std::filesystem;
using outcome::fail;
using outcome::Result;
using Json = nlohmann::ordered_json;

constexpr auto kPlugin = "ovs-cni";
constexpr auto kOldestVersion = "1.0.0"; ///< of the CNI specification, which every runtime in use supports
constexpr auto kNewestVersion = "1.1.0"; ///< brought STATUS, GC and the list of versions
constexpr mode_t kProgramMode = 0755;
constexpr mode_t kConflistMode = 0644;
/// How long the plugin waits for the agent unless configured otherwise, and how long an ADD takes
/// besides waiting for its pod.
constexpr std::chrono::seconds kPluginPatience{60};
constexpr std::chrono::seconds kRestOfAdd{15};

filesystem::path conflist_path(const NodeConfiguration& configuration) {
    return configuration.cni_config_directory / configuration.cni_config_file;
}

Json plugin_of(const NodeConfiguration& configuration) {
    Json plugin{{"type", kPlugin}};
    if (configuration.cni_socket != kDefaultCniSocket) plugin["agentSocket"] = configuration.cni_socket.string();
    const auto patience = configuration.pod_wait + kRestOfAdd;
    if (patience > kPluginPatience) plugin["agentTimeoutSeconds"] = patience.count();
    return plugin;
}

/// Whether libcni reads this file as a network's configuration.
bool is_network(const filesystem::path& path) {
    const auto extension = path.extension();
    return extension == ".conflist" || extension == ".conf" || extension == ".json";
}

Result<std::vector<std::string>> networks_of_others(const NodeConfiguration& configuration) {
    std::vector<std::string> names;
    std::error_code error;
    for (filesystem::directory_iterator entry(configuration.cni_config_directory, error), end; !error && entry != end;
         entry.increment(error))
        if (is_network(entry->path()) && entry->path().filename() != configuration.cni_config_file)
            names.push_back(entry->path().filename().string());
    if (error && error != std::errc::no_such_file_or_directory)
        return fail("list cniConfigDirectory " + configuration.cni_config_directory.string() + ": " + error.message());
    std::ranges::sort(names);
    return names;
}

} // namespace

filesystem::path plugin_beside_program() {
    std::error_code error;
    const auto program = filesystem::read_symlink("/proc/self/exe", error);
    return program.parent_path() / kPlugin; // without /proc, opening it reports what is missing
}

Conflist conflist(const NodeConfiguration& configuration) {
    Json plugins = Json::array({plugin_of(configuration)});
    std::vector<std::string> outdated;
    constexpr std::array<std::pair<const char*, const char*>, 2> chained{
        {{"portmap", "portMappings"}, {"bandwidth", "bandwidth"}}};
    for (const auto& [type, capability] : chained) {
        const auto program = configuration.cni_bin_directory / type;
        std::error_code error;
        if (!filesystem::exists(program, error)) continue;
        plugins.push_back({{"type", type}, {"capabilities", {{capability, true}}}});
        const auto versions = plugin_versions(program);
        if (!versions)
            outdated.push_back(versions.error().message);
        else if (std::ranges::find(*versions, kNewestVersion) == versions->end())
            outdated.push_back(program.string() + " does not support " + kNewestVersion);
    }
    Json versions = Json::array({kOldestVersion});
    if (outdated.empty()) versions.push_back(kNewestVersion);
    const Json list{{"cniVersion", kOldestVersion},
                    {"cniVersions", std::move(versions)},
                    {"name", "ovs-cni"},
                    {"plugins", std::move(plugins)}};
    return {list.dump(2) + "\n", std::move(outdated)};
}

bool cni_is_installed(const NodeConfiguration& configuration) {
    if (configuration.cni_config_directory.empty()) return true;
    std::error_code unreadable; // counts as not in place
    return filesystem::exists(conflist_path(configuration), unreadable) &&
           filesystem::exists(configuration.cni_bin_directory / kPlugin, unreadable);
}

Result<CniInstallation> install_cni(const NodeConfiguration& configuration, const filesystem::path& plugin) {
    CniInstallation done;
    const auto write = [&](const filesystem::path& path, std::string_view bytes, mode_t mode) -> Result<void> {
        ASSIGN_OR_RETURN(const auto written, write_whole(path, bytes, mode));
        if (written) done.written.push_back(path);
        return {};
    };
    ASSIGN_OR_RETURN(const auto program, read_whole(plugin));
    RETURN_IF_ERROR(write(configuration.cni_bin_directory / kPlugin, program, kProgramMode));
    auto list = conflist(configuration);
    RETURN_IF_ERROR(write(conflist_path(configuration), list.text, kConflistMode));
    done.outdated = std::move(list.outdated);
    ASSIGN_OR_RETURN(const auto others, networks_of_others(configuration));
    for (const auto& name : others) (name < configuration.cni_config_file ? done.before : done.after).push_back(name);
    return done;
}

Result<std::vector<filesystem::path>> remove_cni(const NodeConfiguration& configuration) {
    std::vector<filesystem::path> removed;
    if (configuration.cni_config_directory.empty()) return removed;
    for (const auto& path : {conflist_path(configuration), configuration.cni_bin_directory / kPlugin}) {
        std::error_code error;
        const bool was_there = filesystem::remove(path, error);
        if (error) return fail("remove " + path.string() + ": " + error.message());
        if (was_there) removed.push_back(path);
    }
    return removed;
}

} // namespace agent
