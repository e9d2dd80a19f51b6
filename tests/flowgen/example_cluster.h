// A small cluster for the flowgen tests to vary: node1 (here) and node2, pods in namespace "shop".
#pragma once

#include "flowgen/compile.h"

namespace flowgen::example {

inline Prefix prefix(const char* text) { return ipam::Prefix::parse(text).value(); }
inline IpAddress address(const char* text) { return ipam::IpAddress::parse(text).value(); }
inline MacAddress mac(const char* text) { return ipam::MacAddress::parse(text).value(); }

inline LabelSelector labelled(const char* app) { return {{{"app", app}}, {}}; }
inline PolicyPeer pods(const char* app) { return {labelled(app), std::nullopt, std::nullopt}; }
inline PolicyPeer namespaces(LabelSelector selector) { return {std::nullopt, std::move(selector), std::nullopt}; }
inline PolicyPeer block(const char* cidr, std::vector<Prefix> except = {}) {
    return {std::nullopt, std::nullopt, IpBlock{prefix(cidr), std::move(except)}};
}
inline PolicyPort tcp(std::uint16_t port) { return {Protocol::TCP, port, std::nullopt}; }

struct Cluster {
    ClusterState state;
    LocalNode local;

    Cluster() {
        state.nodes["node1"] = {"node1", {prefix("10.244.1.0/24")}, {address("172.30.0.1")}};
        state.nodes["node2"] = {"node2", {prefix("10.244.2.0/24")}, {address("172.30.0.2")}};
        local = {"node1", 1, std::nullopt, mac("0a:00:00:00:00:01"), {}, {}};
    }

    Pod& add_pod(const char* namespace_name, const char* name, const char* app, const char* node) {
        const ObjectName id{namespace_name, name};
        return state.pods[id] = Pod{id, "", {{"app", app}}, node, false, false, {}, {}};
    }

    /// A pod on node1 with its attachment: ofport 10 and 10.244.1.10 for the first, 11 and .11 for the second, …
    Pod& add_local_pod(const char* namespace_name, const char* name, const char* app) {
        const auto number = static_cast<std::uint32_t>(10 + local.attachments.size());
        Attachment attachment;
        attachment.container_id = "container-" + std::to_string(number);
        attachment.interface = "eth0";
        attachment.pod = ObjectName{namespace_name, name};
        attachment.ofport = number;
        attachment.ct_zone = static_cast<std::uint16_t>(number);
        attachment.mac = mac("0a:00:00:00:01:00");
        attachment.mac.bytes[5] = static_cast<std::uint8_t>(number);
        attachment.addresses = {{ipam::Family::IPv4, 0x0af40100U + number}};
        local.attachments.push_back(attachment);
        return add_pod(namespace_name, name, app, "node1");
    }

    NetworkPolicy& add_policy(const char* name, const char* app, std::vector<PolicyRule> ingress) {
        const ObjectName id{"shop", name};
        return state.policies[id] = NetworkPolicy{id, labelled(app), {Direction::Ingress}, std::move(ingress), {}};
    }

    [[nodiscard]] CompiledFlows compile(const CompileLimits& limits = {}) const {
        return flowgen::compile(state, local, limits).value();
    }
};

} // namespace flowgen::example
