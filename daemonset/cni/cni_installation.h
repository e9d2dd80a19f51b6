// Announces the network to the node's container runtime: the plugin first, then the conflist that
// names it.
//
//   ready for the first time ──► plugin ──► conflist ──► runtime: network ready ──► kubelet: node Ready
//
// Until then the folder has no conflist of ours, so no pod is started that could not be served.
// Both files stay when the agent exits: replacing an agent must not make the node NotReady.
#pragma once

#include "daemonset/node/node_configuration.h"

#include <filesystem>
#include <string>
#include <vector>

namespace agent {

/// What an installation has written and found.
struct CniInstallation {
    std::vector<std::filesystem::path> written;
    std::vector<std::string> outdated; ///< plugins of the list that rule out version 1.1.0, and why
    std::vector<std::string> before;   ///< other networks that the runtime prefers, by file name, sorted
    std::vector<std::string> after;    ///< other networks that the runtime ignores, by file name, sorted
};

/// The plugin that is installed: `ovs-cni` in the folder of the running program.
[[nodiscard]] std::filesystem::path plugin_beside_program();

/// The conflist of a node.
struct Conflist {
    std::string text;
    std::vector<std::string> outdated; ///< as above
};

/// The plugin, and those of portmap and bandwidth that `cniBinDirectory` has.
///
///     "cniVersion": "1.0.0"              for a runtime older than 1.1.0, which knows only this key and
///                                        refuses the result of a version that it does not support
///     "cniVersions": ["1.0.0", "1.1.0"]  for any other runtime: it takes the highest that it supports
///
/// 1.1.0 is in the list if all of the plugins support it. Without it the runtime calls neither
/// STATUS nor GC. Source: CNI specification 1.1.0, section 1.
[[nodiscard]] Conflist conflist(const NodeConfiguration& configuration);

/// Whether both are in place, in any version. Always true where the administrator installs them.
[[nodiscard]] bool cni_is_installed(const NodeConfiguration& configuration);

/// Writes `plugin` and then the conflist, unless they are up to date.
/// Errors: a file cannot be read or written. Without the plugin there is no conflist.
[[nodiscard]] outcome::Result<CniInstallation> install_cni(const NodeConfiguration& configuration,
                                                           const std::filesystem::path& plugin);

/// Removes conflist and plugin, the conflist first; returns those that existed. Does nothing
/// without `cniConfigDirectory`. Errors: one of them cannot be removed.
[[nodiscard]] outcome::Result<std::vector<std::filesystem::path>> remove_cni(const NodeConfiguration& configuration);

} // namespace agent
