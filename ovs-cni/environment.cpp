#include "ovs-cni/environment.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ovs_cni {
namespace {

constexpr std::array<std::pair<std::string_view, Verb>, 6> kVerbs{{
    {"ADD", Verb::ADD},
    {"DEL", Verb::DEL},
    {"CHECK", Verb::CHECK},
    {"GC", Verb::GC},
    {"STATUS", Verb::STATUS},
    {"VERSION", Verb::VERSION},
}};

constexpr std::size_t kLongestInterfaceName = 15; // IFNAMSIZ without the terminating zero

std::unexpected<CniError> wrong(std::string_view variable, std::string_view value, std::string_view why) {
    return cni_fail(cni_code::kInvalidEnvironment,
                    std::string(variable) + " '" + std::string(value) + "' is not valid: " + std::string(why));
}

std::unexpected<CniError> missing(std::string_view variable) {
    return cni_fail(cni_code::kInvalidEnvironment, std::string(variable) + " is missing from the environment");
}

// Not std::isalnum: what a name may contain must not depend on a locale.
bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_space(char c) { return std::string_view(" \t\n\v\f\r").contains(c); }

CniResult<std::string> read_container_id(std::string_view value) {
    if (value.empty()) return missing("CNI_CONTAINERID");
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
    if (!is_alphanumeric(value.front()) || !std::ranges::all_of(value, allowed))
        return wrong("CNI_CONTAINERID", value,
                     "it must be letters, digits, '_', '.' or '-', the first a letter or digit");
    return std::string(value);
}

CniResult<std::string> read_interface_name(std::string_view value) {
    if (value.empty()) return missing("CNI_IFNAME");
    if (value.size() > kLongestInterfaceName)
        return wrong("CNI_IFNAME", value, "an interface name has at most 15 characters");
    if (value == "." || value == "..") return wrong("CNI_IFNAME", value, "it is not a valid name");
    if (std::ranges::any_of(value, [](char c) { return c == '/' || c == ':' || is_space(c); }))
        return wrong("CNI_IFNAME", value, "an interface name has no '/', ':' or white space");
    return std::string(value);
}

} // namespace

CniResult<std::optional<PodReference>> read_pod_arguments(std::string_view arguments) {
    PodReference pod;
    for (std::string_view rest = arguments; !rest.empty();) {
        const auto pair = rest.substr(0, rest.find(';'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        if (equals == 0 || equals == std::string_view::npos)
            return wrong("CNI_ARGS", arguments, "'" + std::string(pair) + "' is not KEY=VALUE");
        const auto key = pair.substr(0, equals);
        const auto value = pair.substr(equals + 1);
        if (key == "K8S_POD_NAMESPACE") pod.namespace_ = value;
        if (key == "K8S_POD_NAME") pod.name = value;
        if (key == "K8S_POD_UID") pod.uid = value;
    }
    if (pod.namespace_.empty() && pod.name.empty()) return std::nullopt;
    if (pod.namespace_.empty() || pod.name.empty())
        return wrong("CNI_ARGS", arguments,
                     "K8S_POD_NAMESPACE and K8S_POD_NAME need each other: one of them is missing");
    return pod;
}

CniResult<Environment> read_environment(const Variables& variables) {
    const auto command = variables("CNI_COMMAND");
    if (command.empty()) return missing("CNI_COMMAND");
    const auto* const verb = std::ranges::find(kVerbs, command, &std::pair<std::string_view, Verb>::first);
    if (verb == kVerbs.end()) return wrong("CNI_COMMAND", command, "it must be ADD, DEL, CHECK, GC, STATUS or VERSION");
    Environment environment{verb->second, {}, {}, {}};
    if (environment.verb >= Verb::GC) return environment;

    ASSIGN_OR_RETURN(auto container_id, read_container_id(variables("CNI_CONTAINERID")));
    ASSIGN_OR_RETURN(auto interface, read_interface_name(variables("CNI_IFNAME")));
    environment.key = {std::move(container_id), std::move(interface)};
    environment.sandbox = variables("CNI_NETNS");
    if (environment.sandbox.empty() && environment.verb != Verb::DEL) return missing("CNI_NETNS");
    if (environment.verb != Verb::ADD) return environment;

    ASSIGN_OR_RETURN(auto pod, read_pod_arguments(variables("CNI_ARGS")));
    environment.pod = std::move(pod);
    return environment;
}

} // namespace ovs_cni
