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

constexpr std::array<std::pair<std::string_view, std::string PodReference::*>, 3> kPodKeys{{
    {"K8S_POD_NAMESPACE", &PodReference::namespace_},
    {"K8S_POD_NAME", &PodReference::name},
    {"K8S_POD_UID", &PodReference::uid},
}};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Whether a pod's key stands inside an entry, as behind a separator other than ';' or a quote.
bool hides_pod_key(std::string_view entry) {
    std::string text(entry);
    std::ranges::transform(text, text.begin(), upper);
    return std::ranges::any_of(kPodKeys, [&](const auto& pod_key) {
        const auto at = text.find(std::string(pod_key.first) + "=");
        return at != std::string::npos && at > 0 && !is_alphanumeric(text[at - 1]) && text[at - 1] != '_';
    });
}

/// Reads one entry into `pod`; what is wrong with it, else empty. An entry that looks like one of the pod's keys
/// must be one, because a pod that is missed here is attached without its policies.
std::string_view read_pod_argument(std::string_view entry, PodReference& pod) {
    const auto equals = entry.find('=');
    const auto key = entry.substr(0, equals);
    if (key.empty() || equals == std::string_view::npos) return "there is no KEY=VALUE";
    if (std::ranges::any_of(key, is_space)) return "the key contains white space: remove it";
    const auto* const known = std::ranges::find_if(
        kPodKeys, [&](const auto& pod_key) { return std::ranges::equal(key, pod_key.first, {}, upper); });
    if (known == kPodKeys.end())
        return hides_pod_key(entry) ? "a pod's key is not at the start: separate entries by ';'" : std::string_view();
    if (key != known->first) return "the key must be in capital letters";
    const auto value = entry.substr(equals + 1);
    if (value.empty()) return "the value is empty: leave the key out if there is no pod";
    // Names and uids of pods are letters, digits, '-' and '.'. Source: RFC 1123 subdomain, as in the API server.
    if (!std::ranges::all_of(value, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; }))
        return "the value may have letters, digits, '-', '_' and '.' only";
    std::string& field = pod.*known->second;
    if (!field.empty() && field != value) return "the key has another value than in an earlier entry";
    field = value;
    return {};
}

} // namespace

CniResult<std::optional<PodReference>> read_pod_arguments(std::string_view arguments) {
    PodReference pod;
    for (std::string_view rest = arguments; !rest.empty();) {
        const auto entry = rest.substr(0, rest.find(';'));
        rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
        if (entry.empty()) continue;
        if (const auto fault = read_pod_argument(entry, pod); !fault.empty())
            return wrong("CNI_ARGS", arguments, "in its entry '" + std::string(entry) + "' " + std::string(fault));
    }
    if (pod == PodReference{}) return std::nullopt;
    if (pod.namespace_.empty() || pod.name.empty())
        return wrong("CNI_ARGS", arguments,
                     "a pod is named by both K8S_POD_NAMESPACE and K8S_POD_NAME, and " +
                         std::string(pod.namespace_.empty() ? "K8S_POD_NAMESPACE" : "K8S_POD_NAME") + " is missing");
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
