#include "daemonset/host/host_network.h"

#include "daemonset/host/underlay.h"

#include "daemonset/host/gateway.h"
#include "ovs-cni/netlink/interface_address.h"

#include <algorithm>

namespace agent {

namespace netlink = ovs_cni::netlink;
using outcome::Result;

namespace {

std::vector<ipam::IpAddress> gateway_addresses(const NodeConfiguration& configuration,
                                               const flowgen::ClusterState& state) {
    const auto gateway = gateway_link(state, configuration.node, configuration.bridge, 0);
    return gateway ? gateway->addresses : std::vector<ipam::IpAddress>();
}

/// kube-proxy in ipvs mode puts every address of a Service on this link, so that the host accepts
/// packets to it. They are no addresses of the node: other nodes have them too.
constexpr auto kServiceLink = "kube-ipvs0";

} // namespace

Result<HostNetwork> HostNetwork::open() {
    ASSIGN_OR_RETURN(auto socket, netlink::Socket::open());
    return HostNetwork(std::move(socket));
}

Result<HostView> HostNetwork::view(const NodeConfiguration& configuration, const flowgen::ClusterState& state) {
    ASSIGN_OR_RETURN(const auto address, tunnel_address(configuration, state));
    ASSIGN_OR_RETURN(auto underlay, find_underlay(socket_, address));
    ASSIGN_OR_RETURN(auto addresses, netlink::global_addresses(socket_, kServiceLink));
    // The gateway's own addresses come and go with the bridge; they follow from the Node object,
    // not from the host.
    const auto gateways = gateway_addresses(configuration, state);
    std::erase_if(addresses, [&](const auto& each) { return std::ranges::find(gateways, each) != gateways.end(); });
    const int mtu = pod_mtu(configuration.mtu, underlay);
    return HostView{std::move(underlay), mtu, std::move(addresses)};
}

Result<std::vector<std::string>> HostNetwork::apply(const NodeConfiguration& configuration,
                                                    const flowgen::ClusterState& state, const HostView& host) {
    ASSIGN_OR_RETURN(const auto gateway, gateway_link(state, configuration.node, configuration.bridge, host.mtu));
    std::vector<std::string> changes;
    Result<void> outcome;
    const auto take = [&](Result<std::vector<std::string>> step) {
        if (step)
            changes.insert(changes.end(), step->begin(), step->end());
        else if (outcome)
            outcome = std::unexpected(step.error());
    };
    // Forwarding first: it may be what lets the bridge's port have IPv6 addresses at all.
    take(allow_forwarding(configuration.sysctl_directory, gateway, host.underlay.link));
    take(apply_gateway(socket_, gateway));
    if (policy_) {
        const auto changed = install_rules(configuration, state, host);
        if (!changed)
            take(std::unexpected(changed.error()));
        else if (*changed)
            changes.emplace_back("nftables table replaced");
    }
    if (!outcome) return std::unexpected(outcome.error());
    return changes;
}

Result<void> HostNetwork::enforce(const flowgen::HostPolicy& policy, const NodeConfiguration& configuration,
                                  const flowgen::ClusterState& state, const HostView& host) {
    if (enforced_ && policy_ == policy) return {};
    policy_ = policy;
    RETURN_IF_ERROR(install_rules(configuration, state, host));
    return {};
}

Result<bool> HostNetwork::install_rules(const NodeConfiguration& configuration, const flowgen::ClusterState& state,
                                        const HostView& host) {
    auto rules = host_rules(configuration, state, host.addresses);
    rules.policy = *policy_;
    auto changed = rules_.install(rules);
    enforced_ = changed.has_value();
    return changed;
}

HostRules host_rules(const NodeConfiguration& configuration, const flowgen::ClusterState& state,
                     const std::vector<ipam::IpAddress>& own_addresses) {
    HostRules rules{.bridge = configuration.bridge,
                    .masquerade = configuration.masquerade,
                    .own_pods = {},
                    .cluster = {},
                    .own_addresses = own_addresses,
                    .policy = {}};
    const auto gateways = gateway_addresses(configuration, state);
    rules.own_addresses.insert(rules.own_addresses.end(), gateways.begin(), gateways.end());
    for (const auto& address : own_addresses) rules.cluster.push_back(ipam::Prefix::host(address));
    for (const auto& [name, node] : state.nodes) {
        if (name == configuration.node) rules.own_pods = node.pod_cidrs;
        rules.cluster.insert(rules.cluster.end(), node.pod_cidrs.begin(), node.pod_cidrs.end());
        for (const auto& address : node.addresses) rules.cluster.push_back(ipam::Prefix::host(address));
    }
    return rules;
}

} // namespace agent
