// Which object of the cluster a flow comes from, and the cookie that says so in the switch.
//
//   cookie = category(16) | first 48 bits of SHA-256 over the owner's text
//
// Cookies depend on names alone, so a raw `ovs-ofctl dump-flows` can be annotated offline from the cluster's state.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>

namespace flowgen {

enum class OwnerCategory : std::uint16_t {
    Pipeline = 1,      ///< the same on every node: the pipeline's own flows
    Node = 2,          ///< a node of the cluster
    Pod = 3,           ///< a pod on this node
    NetworkPolicy = 4, ///< one NetworkPolicy
    Attachment = 5,    ///< an interface attached without a pod, by container id
    Shared = 15,       ///< several owners; the hash is over their texts, one a line, sorted
};

struct Owner {
    OwnerCategory category = OwnerCategory::Pipeline;
    std::string name; ///< a table's name, a node's name, NAMESPACE/NAME

    auto operator<=>(const Owner&) const = default;
    /// "NetworkPolicy shop/api", "Node node2", "Pipeline Routing".
    [[nodiscard]] std::string text() const;
};

/// Sorted and unique; never empty in a finished flow.
using Owners = std::set<Owner>;

[[nodiscard]] std::uint64_t cookie(const Owners& owners);
/// The owners' texts, comma-separated; of more than four, the first three and how many more.
[[nodiscard]] std::string text(const Owners& owners);

} // namespace flowgen
