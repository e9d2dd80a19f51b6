// A Kubernetes object as JSON to the value that flowgen knows, checked as the API server checks it.
//
//   JSON object ──► apiVersion and kind ──► decoder of the kind ──► Object
//                          │                       └──► Problems: every field that breaks a rule
//                          └──► UnknownKind: nothing of the network's
//
// It knows JSON only, so objects from the Kubernetes API go the same way as those from files.
#pragma once

#include "daemonset/source/object.h"
#include "daemonset/source/problem.h"

#include <nlohmann/json.hpp>

#include <compare>
#include <expected>
#include <string>
#include <variant>

namespace agent::source {

/// A kind that means nothing to the network: "ConfigMap" of "v1".
struct UnknownKind {
    std::string api_version;
    std::string kind;

    auto operator<=>(const UnknownKind&) const = default;
};

using Decoded = std::variant<Object, UnknownKind>;

/// Kinds that are decoded: v1 Namespace, Node, Pod; apps/v1 Deployment, StatefulSet, DaemonSet, ReplicaSet; batch/v1
/// Job, CronJob; networking.k8s.io/v1 NetworkPolicy. The same names in other groups are unknown kinds; another version
/// of the same group is a problem, since leaving out a policy would open what it closes.
/// Fields that the network does not need are not looked at. Problems are sorted as found, at least one of them.
/// Source: Kubernetes API reference and the API server's validation of each kind.
[[nodiscard]] std::expected<Decoded, Problems> decode(const nlohmann::json& object);

/// "NetworkPolicy shop/web" for messages, as far as the object says what it is: "object" when it does not.
[[nodiscard]] std::string describe(const nlohmann::json& object);

} // namespace agent::source
