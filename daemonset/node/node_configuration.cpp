#include "daemonset/node/node_configuration.h"

#include "daemonset/base/whole_file.h"
#include "words/list.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <set>
#include <utility>

namespace agent {
namespace {

using outcome::fail;
using outcome::Result;

constexpr std::size_t kMaxInterfaceName = 15; // IFNAMSIZ - 1: the bridge's own port carries the bridge's name
constexpr int kMinMtu = 1280;                 // RFC 8200, section 5: no IPv6 link may have less
constexpr int kMaxMtu = 65535;
constexpr int kMaxPodWaitSeconds = 60;

/// One "key: value" of the file, with the context that error messages need.
struct Entry {
    std::string where; ///< "FILE:LINE: "
    std::string key;
    YAML::Node value;

    [[nodiscard]] std::unexpected<outcome::Error> refused(std::string_view allowed) const {
        const std::string found = value.IsScalar() ? "\"" + value.Scalar() + "\""
                                  : value.IsNull() ? "nothing"
                                                   : "a structure";
        return fail(where + key + " is " + found + ", it must be " + std::string(allowed));
    }
};

Result<std::string> read_text(const Entry& entry, std::string_view allowed) {
    if (!entry.value.IsScalar() || entry.value.Scalar().empty()) return entry.refused(allowed);
    return entry.value.Scalar();
}

Result<std::filesystem::path> read_path(const Entry& entry) {
    ASSIGN_OR_RETURN(auto text, read_text(entry, "a path"));
    return std::filesystem::path(text);
}

Result<int> read_number(const Entry& entry, int lowest, int highest, std::string_view allowed) {
    if (!entry.value.IsScalar()) return entry.refused(allowed);
    const auto& text = entry.value.Scalar();
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < lowest || number > highest)
        return entry.refused(allowed);
    return number;
}

Result<bool> read_truth(const Entry& entry) {
    if (entry.value.IsScalar() && entry.value.Scalar() == "true") return true;
    if (entry.value.IsScalar() && entry.value.Scalar() == "false") return false;
    return entry.refused("true or false");
}

Result<ipam::IpAddress> read_address(const Entry& entry) {
    constexpr std::string_view allowed = "an IPv4 or IPv6 address";
    ASSIGN_OR_RETURN(auto text, read_text(entry, allowed));
    auto address = ipam::IpAddress::parse(text);
    if (!address) return entry.refused(allowed);
    return *address;
}

Result<HttpAddress> read_http_address(const Entry& entry) {
    constexpr std::string_view allowed = "ADDRESS:PORT, such as 127.0.0.1:9475 or [::1]:9475";
    ASSIGN_OR_RETURN(auto text, read_text(entry, allowed));
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return entry.refused(allowed);
    std::string host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    auto address = ipam::IpAddress::parse(host);
    if (!address || bracketed != (address->family == ipam::Family::IPv6)) return entry.refused(allowed);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return entry.refused(allowed);
    return HttpAddress{*address, port};
}

Result<std::vector<ServerUrl>> read_servers(const Entry& entry) {
    constexpr std::string_view allowed = "a list of URLs, such as [https://10.0.0.1:6443, https://10.0.0.2:6443]";
    if (!entry.value.IsSequence() || entry.value.size() == 0) return entry.refused(allowed);
    std::vector<ServerUrl> servers;
    for (const auto& item : entry.value) {
        if (!item.IsScalar()) return entry.refused(allowed);
        auto url = parse_server_url(item.Scalar());
        if (!url) return fail(entry.where + entry.key + ": " + url.error().message);
        servers.push_back(std::move(*url));
    }
    return servers;
}

Result<std::vector<ipam::Prefix>> read_ranges(const Entry& entry) {
    constexpr std::string_view allowed = "a list of CIDRs, such as [10.96.0.0/12, fd00:10:96::/108]";
    if (!entry.value.IsSequence() || entry.value.size() == 0) return entry.refused(allowed);
    std::vector<ipam::Prefix> ranges;
    for (const auto& item : entry.value) {
        if (!item.IsScalar()) return entry.refused(allowed);
        const auto range = ipam::Prefix::parse(item.Scalar());
        if (!range) return fail(entry.where + entry.key + ": " + range.error().message);
        const auto overlapped = std::ranges::find_if(ranges, [&](const auto& other) { return other.overlaps(*range); });
        if (overlapped != ranges.end())
            return fail(entry.where + entry.key + ": " + range->text() + " overlaps " + overlapped->text() +
                        ", leave one of them out");
        ranges.push_back(*range);
    }
    std::ranges::sort(ranges);
    return ranges;
}

Result<Datapath> read_datapath(const Entry& entry) {
    if (entry.value.IsScalar() && entry.value.Scalar() == "system") return Datapath::System;
    if (entry.value.IsScalar() && entry.value.Scalar() == "netdev") return Datapath::Netdev;
    return entry.refused("system or netdev");
}

Result<LogLevel> read_log_level(const Entry& entry) {
    constexpr std::array<std::pair<std::string_view, LogLevel>, 4> levels{{{"debug", LogLevel::Debug},
                                                                           {"info", LogLevel::Info},
                                                                           {"warning", LogLevel::Warning},
                                                                           {"error", LogLevel::Error}}};
    for (const auto& [text, level] : levels)
        if (entry.value.IsScalar() && entry.value.Scalar() == text) return level;
    return entry.refused("debug, info, warning or error");
}

/// The name is also part of file names and of nftables rules, where other characters have a
/// meaning.
Result<std::string> read_bridge(const Entry& entry) {
    constexpr std::string_view allowed = "an interface name: at most 15 letters, digits, '-', '_' and '.'";
    ASSIGN_OR_RETURN(auto text, read_text(entry, allowed));
    const bool plain =
        std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
    if (!plain || text.size() > kMaxInterfaceName || text == "." || text == "..") return entry.refused(allowed);
    return text;
}

/// A name that container runtimes read as a list of plugins; hidden files are incomplete ones.
Result<std::string> read_conflist(const Entry& entry) {
    constexpr std::string_view allowed = "a file name that ends in .conflist, without a folder";
    ASSIGN_OR_RETURN(auto text, read_text(entry, allowed));
    if (!text.ends_with(".conflist") || text.contains('/') || text.starts_with('.')) return entry.refused(allowed);
    return text;
}

/// Stores a value in its field, or passes its error on.
template <typename T, typename Target> Result<void> store(Result<T> value, Target& target) {
    if (!value) return std::unexpected(value.error());
    target = std::move(*value);
    return {};
}

using Read = Result<void> (*)(const Entry&, NodeConfiguration&);

constexpr std::array<std::pair<std::string_view, Read>, 20> kKeys{{
    {"node",
     [](const Entry& e, NodeConfiguration& c) { return store(read_text(e, "the name of a Node object"), c.node); }},
    {"manifests", [](const Entry& e, NodeConfiguration& c) { return store(read_path(e), c.manifests); }},
    {"kubeconfig", [](const Entry& e, NodeConfiguration& c) { return store(read_path(e), c.kubeconfig); }},
    {"apiServers", [](const Entry& e, NodeConfiguration& c) { return store(read_servers(e), c.api_servers); }},
    {"serviceCIDRs", [](const Entry& e, NodeConfiguration& c) { return store(read_ranges(e), c.service_cidrs); }},
    {"bridge", [](const Entry& e, NodeConfiguration& c) { return store(read_bridge(e), c.bridge); }},
    {"datapath", [](const Entry& e, NodeConfiguration& c) { return store(read_datapath(e), c.datapath); }},
    {"ovsdbSocket", [](const Entry& e, NodeConfiguration& c) { return store(read_path(e), c.ovsdb_socket); }},
    {"openflowSocket", [](const Entry& e, NodeConfiguration& c) { return store(read_path(e), c.openflow_socket); }},
    {"cniSocket", [](const Entry& e, NodeConfiguration& c) { return store(read_path(e), c.cni_socket); }},
    {"cniConfigDirectory",
     [](const Entry& e, NodeConfiguration& c) { return store(read_path(e), c.cni_config_directory); }},
    {"cniBinDirectory", [](const Entry& e, NodeConfiguration& c) { return store(read_path(e), c.cni_bin_directory); }},
    {"cniConfigFile", [](const Entry& e, NodeConfiguration& c) { return store(read_conflist(e), c.cni_config_file); }},
    {"httpAddress", [](const Entry& e, NodeConfiguration& c) { return store(read_http_address(e), c.http_address); }},
    {"mtu",
     [](const Entry& e, NodeConfiguration& c) {
         constexpr std::string_view allowed = "0 (from the underlay) or a number of bytes from 1280 to 65535";
         auto mtu = read_number(e, 0, kMaxMtu, allowed);
         if (mtu && *mtu > 0 && *mtu < kMinMtu) return Result<void>(e.refused(allowed));
         return store(std::move(mtu), c.mtu);
     }},
    {"tunnelAddress", [](const Entry& e, NodeConfiguration& c) { return store(read_address(e), c.tunnel_address); }},
    {"masquerade", [](const Entry& e, NodeConfiguration& c) { return store(read_truth(e), c.masquerade); }},
    {"sysctlDirectory", [](const Entry& e, NodeConfiguration& c) { return store(read_path(e), c.sysctl_directory); }},
    {"podWaitSeconds",
     [](const Entry& e, NodeConfiguration& c) {
         auto seconds = read_number(e, 0, kMaxPodWaitSeconds, "a number of seconds from 0 to 60");
         if (!seconds) return Result<void>(std::unexpected(seconds.error()));
         c.pod_wait = std::chrono::seconds(*seconds);
         return Result<void>();
     }},
    {"logLevel", [](const Entry& e, NodeConfiguration& c) { return store(read_log_level(e), c.log_level); }},
}};

constexpr auto kKeyNames = [] {
    std::array<std::string_view, kKeys.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = kKeys[i].first;
    return names;
}();

std::string list_of_keys() { return words::join(kKeyNames); }

Result<NodeConfiguration> read_entries(const YAML::Node& document, std::string_view file) {
    NodeConfiguration configuration;
    std::set<std::string> seen;
    for (const auto& pair : document) {
        const std::string where = std::string(file) + ":" + std::to_string(pair.first.Mark().line + 1) + ": ";
        if (!pair.first.IsScalar()) return fail(where + "a key must be a word");
        const Entry entry{where, pair.first.Scalar(), pair.second};
        const auto* const known = std::ranges::find(kKeys, entry.key, [](const auto& key) { return key.first; });
        if (known == kKeys.end())
            return fail(where + "unknown key \"" + entry.key + "\"; the keys are " + list_of_keys());
        if (!seen.insert(entry.key).second) return fail(where + "the key \"" + entry.key + "\" occurs twice");
        RETURN_IF_ERROR(known->second(entry, configuration));
    }
    if (const char* const node = std::getenv(kNodeVariable); node != nullptr && !seen.contains("node"))
        configuration.node = node;
    if (configuration.node.empty())
        return fail(std::string(file) + ": the key \"node\" is missing, and so is the environment variable " +
                    kNodeVariable);
    for (const std::string other : {"kubeconfig", "apiServers", "serviceCIDRs"})
        if (seen.contains("manifests") && seen.contains(other))
            return fail(
                std::string(file) + ": \"manifests\" and \"" + other +
                "\" exclude each other: the cluster's objects come from a directory or from the Kubernetes API");
    if (configuration.openflow_socket.empty())
        configuration.openflow_socket = "/run/openvswitch/" + configuration.bridge + ".mgmt";
    return configuration;
}

} // namespace

std::string_view name(Datapath datapath) { return datapath == Datapath::System ? "system" : "netdev"; }

std::string cluster_source_name(const NodeConfiguration& configuration) {
    if (!configuration.manifests.empty()) return "manifests in " + configuration.manifests.string();
    if (!configuration.kubeconfig.empty()) return "Kubernetes API, kubeconfig " + configuration.kubeconfig.string();
    return "Kubernetes API, as a pod of the cluster";
}

std::span<const std::string_view> configuration_keys() { return kKeyNames; }

Result<NodeConfiguration> parse_configuration(std::string_view text, std::string_view file) {
    try {
        const auto documents = YAML::LoadAll(std::string(text));
        if (documents.size() != 1 || !documents.front().IsMap())
            return fail(std::string(file) + ":1: the configuration must be one YAML mapping with the keys " +
                        list_of_keys());
        return read_entries(documents.front(), file);
    } catch (const YAML::Exception& error) {
        return fail(std::string(file) + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
    }
}

Result<NodeConfiguration> read_configuration(const std::filesystem::path& file) {
    ASSIGN_OR_RETURN(const auto text, read_whole(file, "the configuration"));
    return parse_configuration(text, file.string());
}

} // namespace agent
