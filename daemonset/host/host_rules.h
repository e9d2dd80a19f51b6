// The agent's own nftables table: masquerade towards the outside, the guard against forged sources,
// and policy for traffic that does not cross the bridge again (egress_rules.h).
//
//   pod ─► br-int ─► host ─► outside   source becomes the node's (only if the destination is no pod and no node)
//   pod ─► br-int ─► kube-proxy ─► another node  source becomes this node's: a Service whose backend is not a pod
//   underlay ─► host ─► br-int ─► pod  dropped if the source is one of this node's own pods or addresses
//   pod ─► br-int ─► kube-proxy ─► node or outside   dropped unless the pod's egress policy allows that
//
// Between pods, and between pods and nodes that they address directly, nothing is translated. Other
// tables are left alone. In particular, a firewall that refuses forwarding has to allow the bridge
// itself, because an accept in one table cannot undo a drop in another.
#pragma once

#include "daemonset/host/nftables.h"
#include "flowgen/policy/host_policy.h"
#include "ipam/prefix.h"

#include <compare>
#include <optional>
#include <string>
#include <vector>

namespace agent {

/// The input of the table.
struct HostRules {
    std::string bridge;
    bool masquerade = true;
    std::vector<ipam::Prefix> own_pods; ///< this node's PodCIDRs
    std::vector<ipam::Prefix> cluster;  ///< every node's PodCIDRs and addresses, in any order, overlapping or not
    std::vector<ipam::IpAddress> own_addresses; ///< every address of this host
    flowgen::HostPolicy policy;                 ///< of local pods

    auto operator<=>(const HostRules&) const = default;
};

/// The name of the table, with its family.
inline constexpr auto kHostRulesTable = "inet ovs-cni";

/// The text that replaces the whole table in one transaction; the same rules give the same text.
[[nodiscard]] std::string ruleset(const HostRules& rules);

/// Keeps the kernel's table in step with `rules`.
class HostRulesTable {
  public:
    /// Installs the table of `rules` if they differ from the installed ones: replaces it or, where
    /// only the isolated pods differ, changes only those. True when something was changed.
    [[nodiscard]] outcome::Result<bool> install(const HostRules& rules);
    /// Restores the table if another component has changed or removed it. True when that is known
    /// to have happened: after a change of the policy alone the table is replaced without a
    /// comparison, because comparing takes longer than such a change and a pod may be waiting for
    /// it.
    [[nodiscard]] outcome::Result<bool> repair();

  private:
    [[nodiscard]] outcome::Result<void> replace(const HostRules& rules);

    std::optional<HostRules> installed_;
    std::optional<std::string> listing_; ///< the kernel's listing right after a replacement; absent once changed
};

} // namespace agent
