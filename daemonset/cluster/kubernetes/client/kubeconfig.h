// A kubeconfig file, which tells kubectl and kubelets the API server and their credentials.
// Source: Kubernetes, "client.config.k8s.io/v1" reference.
//
//   current-context ──► context ──► cluster: server, TLS ─┐
//                          └──────► user: token, files ───┴─► Access
#pragma once

#include "daemonset/cluster/kubernetes/client/access.h"

#include <filesystem>
#include <string_view>

namespace agent::kubernetes {

/// The access of the current context of `text`. `file` is its name in messages, and relative paths
/// begin at its folder. Errors name the entry and what is allowed. Entries that authenticate by
/// anything but a token or a certificate are refused.
[[nodiscard]] outcome::Result<Access> parse_kubeconfig(std::string_view text, const std::filesystem::path& file);

/// The same for the file of this name.
[[nodiscard]] outcome::Result<Access> read_kubeconfig(const std::filesystem::path& file);

} // namespace agent::kubernetes
