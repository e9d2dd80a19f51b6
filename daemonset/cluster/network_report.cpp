#include "daemonset/cluster/network_report.h"

#include <algorithm>
#include <array>

namespace agent {
namespace {

constexpr std::array kCauses{
    Cause::ClusterUnread,         Cause::NodeMissing,         Cause::NoPodCidr,         Cause::PodCidrConflict,
    Cause::HostNetworkFailed,     Cause::UnderlayMtuTooSmall, Cause::SwitchUnavailable, Cause::FlowsNotInstalled,
    Cause::AddressOutsidePodCidr, Cause::PluginNotInstalled,
};

} // namespace

std::string_view name(Cause cause) {
    switch (cause) {
    case Cause::ClusterUnread:
        return "ClusterUnread";
    case Cause::NodeMissing:
        return "NodeMissing";
    case Cause::NoPodCidr:
        return "NoPodCIDR";
    case Cause::PodCidrConflict:
        return "PodCIDRConflict";
    case Cause::HostNetworkFailed:
        return "HostNetworkFailed";
    case Cause::UnderlayMtuTooSmall:
        return "UnderlayMTUTooSmall";
    case Cause::SwitchUnavailable:
        return "SwitchUnavailable";
    case Cause::FlowsNotInstalled:
        return "FlowsNotInstalled";
    case Cause::AddressOutsidePodCidr:
        return "AddressOutsidePodCIDR";
    case Cause::PluginNotInstalled:
        return "PluginNotInstalled";
    }
    return {};
}

std::span<const Cause> all_causes() { return kCauses; }

bool is_own_reason(std::string_view reason) {
    return reason == kServingReason ||
           std::ranges::any_of(kCauses, [&](const Cause cause) { return name(cause) == reason; });
}

} // namespace agent
