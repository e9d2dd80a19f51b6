// How this node reaches the Kubernetes API: the servers, and our credentials.
//
//   /var/run/secrets/kubernetes.io/serviceaccount ─┐
//   kubeconfig ────────────────────────────────────┼─► Access ──► ApiServers
//   apiServers of the configuration ───────────────┘
#pragma once

#include "daemonset/base/server_url.h"
#include "outcome/result.h"

#include <compare>
#include <filesystem>
#include <string>
#include <vector>

namespace agent {
struct NodeConfiguration;
}

namespace agent::kubernetes {

/// The settings of a TLS connection. Everything is PEM.
struct TlsSettings {
    std::string authorities; ///< authorities that may sign a server's certificate; empty: those of this host
    bool verify = true;
    std::string server_name; ///< that the server's certificate must carry; empty: the host of its URL
    std::string certificate; ///< ours, with the chain to its authority; empty: none
    std::string key;

    auto operator<=>(const TlsSettings&) const = default;
};

struct Access {
    std::vector<ServerUrl> servers; ///< tried in this order; at least one
    TlsSettings tls;
    std::string token; ///< bearer token; empty: none

    auto operator<=>(const Access&) const = default;
};

/// The environment of a pod of the cluster.
struct PodEnvironment {
    std::string host; ///< $KUBERNETES_SERVICE_HOST
    std::string port; ///< $KUBERNETES_SERVICE_PORT
    std::filesystem::path account = "/var/run/secrets/kubernetes.io/serviceaccount";
};

/// This process's own.
[[nodiscard]] PodEnvironment pod_environment();

/// The access of a pod: token and ca.crt in the service account's folder.
/// Source: Kubernetes, "Accessing the Kubernetes API from a Pod".
[[nodiscard]] outcome::Result<Access> access_of_pod(const PodEnvironment& environment);

/// The access that the configuration selects: its kubeconfig or that of a pod, with its apiServers
/// instead of theirs. Files are read again at each call, so that tokens and certificates may
/// rotate.
[[nodiscard]] outcome::Result<Access> read_access(const NodeConfiguration& configuration);

/// The whole text of a file that must not be empty. Errors name it and say why it cannot be read.
[[nodiscard]] outcome::Result<std::string> read_secret(const std::filesystem::path& file);
/// The token in a file: its text without surrounding white space. Errors: the file has none.
[[nodiscard]] outcome::Result<std::string> read_token(const std::filesystem::path& file);

} // namespace agent::kubernetes
