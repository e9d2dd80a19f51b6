// Keeps the host's own network as the cluster's state and the flows' policy require.
//
//   links, addresses (netlink) ──┐                        ┌─► NodeState::host ──► Listener::host_changed
//   refresh() ───────────────────┼─► check, configure ────┤
//   every 30 s ──────────────────┘                        └─► gateway, routes, forwarding, nftables (HostNetwork)
//   enforce(policy) ──► nftables
#pragma once

#include "daemonset/base/interface.h"
#include "daemonset/base/log.h"
#include "daemonset/base/wakeup.h"
#include "daemonset/host/host_network.h"
#include "daemonset/node/node_state.h"
#include "ovs-cni/netlink/change_monitor.h"

#include <cstdint>
#include <optional>

namespace agent {

class HostFollower {
  public:
    class Listener : public Interface {
      public:
        /// NodeState::host has changed.
        virtual void host_changed() = 0;
        /// `last_error` or `done_once` may have changed.
        virtual void host_looked_at() = 0;
    };

    HostFollower(boost::asio::any_io_executor executor, NodeState& node, Listener& listener);

    /// Opens the host's network and starts to follow it. Errors: netlink cannot be used.
    [[nodiscard]] outcome::Result<void> start();

    /// Requests a check of the host; returns its number, to wait for with `looked_at`.
    std::uint64_t refresh();
    /// Returns whether check `number`, or a later one, has configured the host by the deadline.
    [[nodiscard]] Task<bool> looked_at(std::uint64_t number, TimePoint deadline);

    /// Makes the host's own rules enforce this policy. Does nothing when they already do.
    [[nodiscard]] outcome::Result<void> enforce(const flowgen::HostPolicy& policy);

    /// Whether the host has been configured completely once.
    [[nodiscard]] bool done_once() const { return done_ > 0; }
    /// Why the last check failed; empty when it succeeded.
    [[nodiscard]] const std::string& last_error() const { return failure_.last_error(); }

  private:
    Task<> follow();
    Task<> watch_links();
    [[nodiscard]] outcome::Result<void> bring_in_line(bool look_for_foreign_changes);

    boost::asio::any_io_executor executor_;
    NodeState& node_;
    Listener& listener_;
    std::optional<HostNetwork> network_;
    std::optional<ovs_cni::netlink::ChangeMonitor> link_changes_;
    Wakeup changed_;
    std::uint64_t wanted_ = 0; ///< number of the newest requested check
    std::uint64_t done_ = 0;
    FailureLog failure_{"configuring the host's network"};
};

} // namespace agent
