// A kubeconfig file: how kubectl and kubelets are told where the API server is and who they are.
// Source: Kubernetes, "client.config.k8s.io/v1" reference.
//
//   current-context ──► context ──► cluster: server, TLS ─┐
//                          └──────► user: token, files ───┴─► Access
#pragma once

#include "daemonset/cluster/kubernetes/client/access.h"

#include <filesystem>
#include <string_view>

namespace agent::kubernetes {

/// The access that the current context of `text` gives. `file` is its name in messages; relative paths in it begin at
/// its folder. Errors name the entry and what is allowed; entries that would sign in by another way than token or
/// certificate are refused.
[[nodiscard]] outcome::Result<Access> parse_kubeconfig(std::string_view text, const std::filesystem::path& file);

/// The same of the file of this name.
[[nodiscard]] outcome::Result<Access> read_kubeconfig(const std::filesystem::path& file);

} // namespace agent::kubernetes
