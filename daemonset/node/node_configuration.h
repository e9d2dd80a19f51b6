// The agent's configuration file: one YAML mapping, read once at start.
//
//   file ──► parse (known keys only, types and ranges checked, each error with its line) ──► NodeConfiguration
//
// docs/configuration.md describes every key for the administrator; a test keeps the two in step.
#pragma once

#include "daemonset/base/log.h"
#include "daemonset/base/server_url.h"
#include "ipam/prefix.h"

#include <chrono>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// Which of Open vSwitch's datapaths the bridge uses.
enum class Datapath : std::uint8_t { System, Netdev };

/// "system" or "netdev", as the bridge's datapath_type is written.
[[nodiscard]] std::string_view name(Datapath datapath);

/// Where the metrics and debug pages are served.
struct HttpAddress {
    ipam::IpAddress address;
    std::uint16_t port = 0;

    auto operator<=>(const HttpAddress&) const = default;
};

/// The socket on which the plugin expects the agent when its configuration has none.
inline constexpr auto kDefaultCniSocket = "/run/ovs-cni/agent.sock";

/// The environment variable that names the node when the configuration does not; a pod gets it from `spec.nodeName`.
inline constexpr auto kNodeVariable = "NODE_NAME";

/// One value for each key; the key's name is the field's in camelCase.
struct NodeConfiguration {
    std::string node;                        ///< name of this node's Node object
    std::filesystem::path manifests;         ///< the watched directory; empty: the Kubernetes API
    std::filesystem::path kubeconfig;        ///< how to reach the Kubernetes API; empty: as a pod of the cluster
    std::vector<ServerUrl> api_servers;      ///< tried in turn; empty: the one of the kubeconfig or the cluster
    std::vector<ipam::Prefix> service_cidrs; ///< sorted; empty: those of the ServiceCIDR objects
    std::string bridge = "br-int";
    Datapath datapath = Datapath::System;
    std::filesystem::path ovsdb_socket = "/run/openvswitch/db.sock";
    std::filesystem::path openflow_socket; ///< default /run/openvswitch/<bridge>.mgmt
    std::filesystem::path cni_socket = kDefaultCniSocket;
    std::filesystem::path cni_config_directory; ///< empty: the administrator installs plugin and conflist
    std::filesystem::path cni_bin_directory = "/opt/cni/bin";
    std::string cni_config_file = "10-ovs-cni.conflist"; ///< a name in cni_config_directory
    HttpAddress http_address{{ipam::Family::IPv4, 0x7f000001}, 9475};
    int mtu = 0;                                   ///< bytes; 0: the underlay's minus the tunnel's headers
    std::optional<ipam::IpAddress> tunnel_address; ///< absent: the Node's first InternalIP
    bool masquerade = true;
    std::filesystem::path sysctl_directory = "/proc/sys/net";
    std::chrono::seconds pod_wait{10};
    LogLevel log_level = LogLevel::Info;

    auto operator<=>(const NodeConfiguration&) const = default;
};

/// Where the cluster's objects come from, for the log: "manifests in /etc/cluster", "kubeconfig /root/.kube/config".
[[nodiscard]] std::string cluster_source_name(const NodeConfiguration& configuration);

/// The keys that a configuration may have, in the order of the documentation.
[[nodiscard]] std::span<const std::string_view> configuration_keys();

/// The configuration in `text`; `file` is its name in error messages.
/// Errors name file, line, key, the value found and what is allowed.
[[nodiscard]] outcome::Result<NodeConfiguration> parse_configuration(std::string_view text, std::string_view file);

/// The configuration in the file of this name.
[[nodiscard]] outcome::Result<NodeConfiguration> read_configuration(const std::filesystem::path& file);

} // namespace agent
