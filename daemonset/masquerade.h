// The agent's own nftables table: masquerade towards the outside, and the guard against forged sources.
//
//   pod ─► br-int ─► host ─► outside   source becomes the node's (only if the destination is no pod and no node)
//   pod ─► br-int ─► kube-proxy ─► another node  source becomes this node's: a Service whose backend is no pod
//   underlay ─► host ─► br-int ─► pod  dropped if the source is one of this node's own pods or addresses
//
// Between pods, and between pods and nodes that they address themselves, nothing is translated. Other tables are left
// alone; in particular a firewall that refuses forwarding has to allow the bridge itself, because an accept in one
// table cannot undo a drop in another.
#pragma once

#include "daemonset/nftables.h"
#include "ipam/prefix.h"

#include <compare>
#include <string>
#include <vector>

namespace agent {

/// What the table is made from.
struct HostRules {
    std::string bridge;
    bool masquerade = true;
    std::vector<ipam::Prefix> own_pods; ///< this node's PodCIDRs
    std::vector<ipam::Prefix> cluster;  ///< every node's PodCIDRs and addresses, in any order, overlapping or not
    std::vector<ipam::IpAddress> own_addresses; ///< every address of this host

    auto operator<=>(const HostRules&) const = default;
};

/// The name of the table, with its family.
inline constexpr auto kHostRulesTable = "inet ovs-cni";

/// The text that replaces the table as a whole, in one transaction; the same rules give the same text.
[[nodiscard]] std::string ruleset(const HostRules& rules);

/// Keeps the kernel's table as `rules` say.
class HostRulesTable {
  public:
    /// Replaces the table if `rules` differ from what is installed. True when something was changed.
    [[nodiscard]] ipam::Result<bool> install(const HostRules& rules);
    /// Puts the table right if somebody else changed or removed it since. True when that had happened.
    [[nodiscard]] ipam::Result<bool> repair();

  private:
    std::string installed_; ///< the text, empty before the first install
    std::string listing_;   ///< what the kernel showed right after
};

} // namespace agent
