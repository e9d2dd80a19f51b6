#include "daemonset/cluster/kubernetes/client/access.h"

#include "daemonset/base/whole_file.h"
#include "daemonset/cluster/kubernetes/client/kubeconfig.h"
#include "daemonset/node/node_configuration.h"

#include <cstdlib>

namespace agent::kubernetes {
namespace {

using outcome::fail;
using outcome::Result;

std::string environment_variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

} // namespace

Result<std::string> read_secret(const std::filesystem::path& file) {
    ASSIGN_OR_RETURN(auto text, read_whole(file));
    if (text.empty()) return fail("read " + file.string() + ": it is empty or cannot be read");
    return text;
}

Result<std::string> read_token(const std::filesystem::path& file) {
    constexpr auto space = " \t\r\n";
    auto text = read_secret(file);
    if (!text) return text;
    const auto first = text->find_first_not_of(space);
    if (first == std::string::npos) return fail(file.string() + " contains no token");
    std::string token = text->substr(first, text->find_last_not_of(space) - first + 1);
    if (token.find_first_of(space) != std::string::npos)
        return fail(file.string() + " contains white space inside the token");
    return token;
}

PodEnvironment pod_environment() {
    PodEnvironment environment;
    environment.host = environment_variable("KUBERNETES_SERVICE_HOST");
    environment.port = environment_variable("KUBERNETES_SERVICE_PORT");
    return environment;
}

Result<Access> access_of_pod(const PodEnvironment& environment) {
    if (environment.host.empty() || environment.port.empty())
        return fail(
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is not a pod of a cluster: "
            "set \"kubeconfig\" or \"manifests\" in the configuration");
    const bool bracketed = environment.host.find(':') != std::string::npos;
    auto server = parse_server_url("https://" + (bracketed ? "[" + environment.host + "]" : environment.host) + ":" +
                                   environment.port);
    if (!server) return fail("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: " + server.error().message);
    ASSIGN_OR_RETURN(auto token, read_token(environment.account / "token"));
    ASSIGN_OR_RETURN(auto authorities, read_secret(environment.account / "ca.crt"));
    Access access;
    access.servers = {std::move(*server)};
    access.tls.authorities = std::move(authorities);
    access.token = std::move(token);
    return access;
}

Result<Access> read_access(const NodeConfiguration& configuration) {
    auto access =
        configuration.kubeconfig.empty() ? access_of_pod(pod_environment()) : read_kubeconfig(configuration.kubeconfig);
    if (access && !configuration.api_servers.empty()) access->servers = configuration.api_servers;
    return access;
}

} // namespace agent::kubernetes
