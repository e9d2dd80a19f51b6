// The content of the node's condition NetworkUnavailable.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace agent {

/// The reasons why pods cannot be served.
enum class Cause : std::uint8_t {
    ClusterUnread,
    NodeMissing,
    NoPodCidr,
    PodCidrConflict,
    HostNetworkFailed,
    UnderlayMtuTooSmall,
    SwitchUnavailable,
    FlowsNotInstalled,
    AddressOutsidePodCidr,
    PluginNotInstalled,
};

/// The reason in the Node's condition: "NoPodCIDR".
[[nodiscard]] std::string_view name(Cause cause);
[[nodiscard]] std::span<const Cause> all_causes();

/// The reason in the condition of a node whose pods are served.
inline constexpr std::string_view kServingReason = "OvsCniIsUp";

/// Whether a reason in a condition is one of this agent's.
[[nodiscard]] bool is_own_reason(std::string_view reason);

struct NetworkReport {
    bool unavailable = false;
    std::string reason;  ///< one word for machines: "OvsCniIsUp", "NoPodCIDR"
    std::string message; ///< one line for people

    auto operator<=>(const NetworkReport&) const = default;
};

} // namespace agent
