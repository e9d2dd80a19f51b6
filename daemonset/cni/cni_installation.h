// Makes the node known to its container runtime: the plugin first, then the conflist that names it.
//
//   ready for the first time ──► plugin ──► conflist ──► runtime: network ready ──► kubelet: node Ready
//
// Until then the folder has no network of ours, so that no pod is started that could not be served. Both stay when the
// agent ends: an agent that is replaced must not make the node NotReady.
#pragma once

#include "daemonset/node/node_configuration.h"

#include <filesystem>
#include <string>
#include <vector>

namespace agent {

/// What an installation did and found.
struct CniInstallation {
    std::vector<std::filesystem::path> written;
    std::vector<std::string> outdated; ///< plugins of the list that keep version 1.1.0 out of it, and why
    std::vector<std::string> before;   ///< networks of others that the runtime prefers, by file name, sorted
    std::vector<std::string> after;    ///< networks of others that the runtime passes over, by file name, sorted
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
///     "cniVersion": "1.0.0"              for a runtime of before 1.1.0, which knows this key alone and refuses the
///                                        result of a version that it does not speak
///     "cniVersions": ["1.0.0", "1.1.0"]  for any other runtime: it takes the highest that it speaks
///
/// 1.1.0 is in the list if all of the plugins speak it. Without it the runtime never asks for STATUS and GC.
/// Source: CNI specification 1.1.0, section 1.
[[nodiscard]] Conflist conflist(const NodeConfiguration& configuration);

/// Whether both are in place, of whatever version; always where somebody else installs them.
[[nodiscard]] bool cni_is_installed(const NodeConfiguration& configuration);

/// Puts `plugin` and then the conflist in place; what is right already is not written.
/// Errors: a file cannot be read or written. Without the plugin there is no conflist.
[[nodiscard]] outcome::Result<CniInstallation> install_cni(const NodeConfiguration& configuration,
                                                           const std::filesystem::path& plugin);

/// Removes conflist and plugin, the conflist first; returns those that were there. Does nothing without
/// `cniConfigDirectory`. Errors: one of them cannot be removed.
[[nodiscard]] outcome::Result<std::vector<std::filesystem::path>> remove_cni(const NodeConfiguration& configuration);

} // namespace agent
