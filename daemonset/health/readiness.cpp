#include "daemonset/health/readiness.h"

namespace agent {

std::string Readiness::unready() const {
    auto found = obstacle();
    return found ? std::move(found->message) : std::string();
}

std::optional<Obstacle> Readiness::obstacle() const {
    if (auto reason = parts_.source.last_error(); !reason.empty())
        return Obstacle{Cause::ClusterUnread, std::move(reason)};
    if (auto found = node_obstacle(*parts_.node.cluster, parts_.node.configuration.node)) return found;
    if (auto found = host_obstacle()) return found;
    if (auto found = switch_obstacle()) return found;
    if (!parts_.host.done_once()) return Obstacle{Cause::HostNetworkFailed, "the gateway is not set up yet"};
    if (const auto& reason = parts_.host.last_error(); !reason.empty())
        return Obstacle{Cause::HostNetworkFailed, reason};
    return address_obstacle(parts_.attachments.records(), pod_cidrs());
}

std::optional<Obstacle> Readiness::host_obstacle() const {
    if (parts_.node.host) return mtu_obstacle(*parts_.node.host, pod_cidrs());
    const auto& reason = parts_.host.last_error();
    return Obstacle{Cause::HostNetworkFailed, reason.empty() ? "the host's network has not been read yet" : reason};
}

std::optional<Obstacle> Readiness::switch_obstacle() const {
    if (auto reason = parts_.switch_link.last_error(); !reason.empty())
        return Obstacle{Cause::SwitchUnavailable, std::move(reason)};
    const auto& reason = parts_.reconciler.last_error();
    if (!reason.empty()) return Obstacle{Cause::FlowsNotInstalled, reason};
    if (!parts_.reconciler.in_sync())
        return Obstacle{Cause::FlowsNotInstalled, "the switch's flows are not installed yet"};
    return std::nullopt;
}

const std::vector<ipam::Prefix>& Readiness::pod_cidrs() const {
    return parts_.node.cluster->nodes.at(parts_.node.configuration.node).pod_cidrs;
}

} // namespace agent
