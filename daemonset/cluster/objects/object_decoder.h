// Decodes a Kubernetes object from JSON to flowgen's value, with the API server's checks.
//
//   JSON object ──► apiVersion and kind ──► decoder of the kind ──► Object
//                          │                       └──► Problems: every field that breaks a rule
//                          └──► UnknownKind: not used by the network
//
// The input is JSON, so objects from the Kubernetes API and from files take the same path.
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

/// A kind that the network does not use: "ConfigMap" of "v1".
struct UnknownKind {
    std::string api_version;
    std::string kind;

    auto operator<=>(const UnknownKind&) const = default;
};

using Decoded = std::variant<Object, UnknownKind>;

/// Kinds that are decoded: v1 Namespace, Node, Pod; apps/v1 Deployment, StatefulSet, DaemonSet,
/// ReplicaSet; batch/v1 Job, CronJob; networking.k8s.io/v1 NetworkPolicy. The same names in other
/// groups are unknown kinds, except NetworkPolicy: in another group it is a problem, as another
/// version of the same group is, because skipping a policy would fail open. Fields that the network does not need are
/// ignored. All problems are reported together, in the order found, at least one. Source: Kubernetes API reference and
/// the API server's validation of each kind.
[[nodiscard]] std::expected<Decoded, Problems> decode(const nlohmann::json& object);

/// A NetworkPolicy that cannot be read in full.
struct RestrictedPolicy {
    flowgen::NetworkPolicy policy;
    std::string consequence; ///< in words: what is isolated, or no longer allowed
};

/// The policy to enforce in place of a NetworkPolicy (of any group and version) that `decode` refuses, so that it opens
/// nothing; nothing where the object is not a NetworkPolicy, or has no valid name. A rule that
/// cannot be read allows nothing. Without readable policyTypes the selected pods are isolated in
/// both directions. Without a readable podSelector, and in any apiVersion other than
/// networking.k8s.io/v1, all pods of the namespace are isolated, and nothing is allowed.
/// Source: API reference, NetworkPolicyPort and NetworkPolicyPeer: an implementation fails closed
/// on input that it does not understand.
[[nodiscard]] std::optional<RestrictedPolicy> fail_closed(const nlohmann::json& object);

/// "NetworkPolicy shop/web" for messages, as far as the object is named; otherwise "object".
[[nodiscard]] std::string describe(const nlohmann::json& object);

} // namespace agent::cluster
