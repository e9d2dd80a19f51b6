// A Kubernetes object as JSON to the value that flowgen knows, checked as the API server checks it.
//
//   JSON object ──► apiVersion and kind ──► decoder of the kind ──► Object
//                          │                       └──► Problems: every field that breaks a rule
//                          └──► UnknownKind: nothing of the network's
//
// It knows JSON only, so objects from the Kubernetes API go the same way as those from files.
#pragma once

#include "daemonset/cluster/objects/object.h"
#include "daemonset/cluster/objects/problem.h"

#include <nlohmann/json.hpp>

#include <compare>
#include <expected>
#include <optional>
#include <string>
#include <variant>

namespace agent::cluster {

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

/// A NetworkPolicy of which something cannot be read.
struct RestrictedPolicy {
    flowgen::NetworkPolicy policy;
    std::string consequence; ///< in words: what is isolated, or allowed no longer, because of that
};

/// What is to be enforced in place of a NetworkPolicy that `decode` refuses, so that it opens nothing; nothing where
/// the object is no NetworkPolicy, or does not say which. A rule that cannot be read allows nothing; without readable
/// policyTypes the selected pods are isolated in both directions; without a readable podSelector all pods of the
/// namespace are isolated, and nothing is allowed.
/// Source: API reference, NetworkPolicyPort and NetworkPolicyPeer: who meets what it does not understand fails closed.
[[nodiscard]] std::optional<RestrictedPolicy> fail_closed(const nlohmann::json& object);

/// "NetworkPolicy shop/web" for messages, as far as the object says what it is: "object" when it does not.
[[nodiscard]] std::string describe(const nlohmann::json& object);

} // namespace agent::cluster
