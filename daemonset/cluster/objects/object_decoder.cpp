#include "daemonset/cluster/objects/object_decoder.h"

#include "daemonset/cluster/objects/kind_decoders.h"
#include "daemonset/cluster/text/json_text.h"

#include <array>
#include <string_view>
#include <utility>

namespace agent::cluster {
namespace {

using nlohmann::json;

struct KnownKind {
    std::string_view group; ///< empty: the core group
    std::string_view kind;
    Object (*decode)(const Field& object, std::string_view kind);
};

constexpr std::string_view kPolicyKind = "NetworkPolicy";
constexpr std::string_view kPolicyVersion = "networking.k8s.io/v1";

Object workload(const Field& object, std::string_view kind) { return decode_workload(object, kind); }

constexpr std::array kKnownKinds{
    KnownKind{"", "Namespace",
              [](const Field& object, std::string_view) -> Object { return decode_namespace(object); }},
    KnownKind{"", "Node", [](const Field& object, std::string_view) -> Object { return decode_node(object); }},
    KnownKind{"", "Pod", [](const Field& object, std::string_view) -> Object { return decode_pod(object); }},
    KnownKind{"apps", "Deployment", workload},
    KnownKind{"apps", "StatefulSet", workload},
    KnownKind{"apps", "DaemonSet", workload},
    KnownKind{"apps", "ReplicaSet", workload},
    KnownKind{"batch", "Job", workload},
    KnownKind{"batch", "CronJob", workload},
    KnownKind{"networking.k8s.io", kPolicyKind,
              [](const Field& object, std::string_view) -> Object { return decode_policy(object); }},
};

} // namespace

std::expected<Decoded, Problems> decode(const json& object) {
    Problems problems;
    const Field root(object, problems);
    std::string api_version = root["apiVersion"].required_text();
    std::string kind = root["kind"].required_text();
    if (!problems.empty()) return std::unexpected(std::move(problems));

    const auto slash = api_version.find('/');
    const auto group = slash == std::string::npos ? std::string() : api_version.substr(0, slash);
    const auto version = slash == std::string::npos ? api_version : api_version.substr(slash + 1);
    for (const KnownKind& known : kKnownKinds) {
        if (known.group != group || known.kind != kind) continue;
        if (version != "v1") root["apiVersion"].refuse_value("is not a supported version of " + kind + ": use v1");
        Object decoded = known.decode(root, known.kind);
        if (!problems.empty()) return std::unexpected(std::move(problems));
        return decoded;
    }
    if (kind == kPolicyKind) {
        root["apiVersion"].refuse_value("is not a supported version of " + kind + ": use " +
                                        std::string(kPolicyVersion));
        return std::unexpected(std::move(problems));
    }
    return UnknownKind{std::move(api_version), std::move(kind)};
}

std::optional<RestrictedPolicy> fail_closed(const json& object) {
    Problems problems;
    const Field root(object, problems);
    if (root["kind"].text() != kPolicyKind) return std::nullopt;
    (void)decode_name(root);
    if (!problems.empty()) return std::nullopt;
    auto restricted = decode_restricted_policy(root);
    if (text_at(object, "apiVersion") == kPolicyVersion) return restricted;
    // The fields of another group or version may have any meaning.
    restricted.policy = {.id = restricted.policy.id,
                         .pod_selector = {},
                         .policy_types = {flowgen::Direction::Ingress, flowgen::Direction::Egress},
                         .ingress = {},
                         .egress = {}};
    restricted.consequence = isolates_namespace(restricted.policy);
    return restricted;
}

std::string describe(const json& object) {
    const std::string kind = text_at(object, "kind");
    if (kind.empty()) return "object";
    const json metadata = object.contains("metadata") ? object["metadata"] : json();
    const std::string name = text_at(metadata, "name");
    if (name.empty()) return kind;
    const std::string space = text_at(metadata, "namespace");
    return kind + " " + (space.empty() ? "" : space + "/") + name;
}

} // namespace agent::cluster
