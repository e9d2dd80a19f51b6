// All changes of the agent to its host's own network, as one idempotent step.
//
//   Node objects ──► gateway addresses, routes, forwarding, nftables table ──► kernel
//   kernel ──► underlay, MTU, host addresses ──► HostView ──► flows, pods
#pragma once

#include "daemonset/host/gateway_link.h"
#include "daemonset/host/host_rules.h"
#include "daemonset/node/host_view.h"
#include "daemonset/node/node_configuration.h"

#include <optional>
#include <string>
#include <vector>

namespace agent {

class HostNetwork {
  public:
    /// In the calling thread's network namespace.
    [[nodiscard]] static outcome::Result<HostNetwork> open();

    /// The host's current network. Errors: no Node object, no tunnel address, or no link that has
    /// it.
    [[nodiscard]] outcome::Result<HostView> view(const NodeConfiguration& configuration,
                                                 const flowgen::ClusterState& state);

    /// Configures gateway, routes, forwarding and the nftables table; returns the changes, a few
    /// words each. The table of an earlier agent is left as it is until `enforce` was called: it
    /// may hold policy. Errors: the first failure; the steps after it were tried all the same.
    [[nodiscard]] outcome::Result<std::vector<std::string>>
    apply(const NodeConfiguration& configuration, const flowgen::ClusterState& state, const HostView& host);

    /// Makes the nftables table enforce this policy, if it does not already.
    [[nodiscard]] outcome::Result<void> enforce(const flowgen::HostPolicy& policy,
                                                const NodeConfiguration& configuration,
                                                const flowgen::ClusterState& state, const HostView& host);

    /// Restores the nftables table if another component has changed it; returns whether it had.
    [[nodiscard]] outcome::Result<bool> repair_rules() { return rules_.repair(); }

  private:
    explicit HostNetwork(ovs_cni::netlink::Socket socket) : socket_(std::move(socket)) {}
    [[nodiscard]] outcome::Result<bool> install_rules(const NodeConfiguration& configuration,
                                                      const flowgen::ClusterState& state, const HostView& host);

    ovs_cni::netlink::Socket socket_;
    HostRulesTable rules_;
    std::optional<flowgen::HostPolicy> policy_; ///< to be enforced; absent until the first compile
    bool enforced_ = false;                     ///< the table enforces it
};

/// The contents of the nftables table for this state of the cluster and the host, without policy.
[[nodiscard]] HostRules host_rules(const NodeConfiguration& configuration, const flowgen::ClusterState& state,
                                   const std::vector<ipam::IpAddress>& own_addresses);

} // namespace agent
