// A Kubernetes object that the network uses, and its name.
#pragma once

#include "flowgen/state/cluster_state.h"

#include <compare>
#include <string>
#include <variant>

namespace agent::cluster {

/// One object of a ClusterState.
using Object = std::variant<flowgen::Namespace, flowgen::Node, flowgen::Pod, flowgen::Workload, flowgen::NetworkPolicy>;

/// Two manifests with equal keys describe the same object.
struct ObjectKey {
    std::string kind;
    flowgen::ObjectName name; ///< namespace_ is empty for Namespace and Node

    auto operator<=>(const ObjectKey&) const = default;
    /// "NetworkPolicy shop/web", "Node n1".
    [[nodiscard]] std::string text() const;
};

[[nodiscard]] ObjectKey key_of(const Object& object);

} // namespace agent::cluster
