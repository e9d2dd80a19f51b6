// Holds the two connections to the switch, and brings it into sync whenever one of them returns.
//
//   OVSDB ──► attachments' records ──► bridge, tunnel port ──► changes, until it is lost ──► retry
//     └── flow-restore-wait, until a dump shows every flow in place
//   OpenFlow ──► option mapping ──► Reconciler ──► foreign changes, until it is lost ──► retry
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/attachments/attachments.h"
#include "daemonset/base/log.h"
#include "daemonset/host/host_follower.h"
#include "daemonset/node/node_state.h"
#include "daemonset/reconcile/reconciler.h"
#include "daemonset/switch/ovsdb/switch_database.h"

#include <string>

namespace agent {

class SwitchLink {
  public:
    SwitchLink(boost::asio::any_io_executor executor, NodeState& node, Attachments& attachments, Reconciler& reconciler,
               HostFollower& host);

    /// Both run for good.
    [[nodiscard]] Task<> follow_database();
    [[nodiscard]] Task<> follow_switch();

    /// The host's view (MTU, tunnel address) has changed: bridge and tunnel port have to follow.
    void settings_changed();
    /// The switch has confirmed flows.
    void flows_confirmed() { changed_.notify_all(); }
    /// The fault of one of the connections; empty when there is none.
    [[nodiscard]] std::string last_error() const;

  private:
    /// Each runs until the connection is lost, and returns the reason.
    Task<outcome::Error> use_database();
    Task<outcome::Error> use_switch();
    Task<outcome::Result<void>> configure(SwitchDatabase& database);
    Task<> follow_settings(std::shared_ptr<SwitchDatabase> database);
    Task<> end_flow_restore(std::shared_ptr<SwitchDatabase> database);
    void take(const DatabaseChange& change, const SwitchDatabase& database);

    NodeState& node_;
    Attachments& attachments_;
    Reconciler& reconciler_;
    HostFollower& host_; ///< checks again when the bridge's port may have changed, or the database was lost
    Wakeup changed_;
    FailureLog database_failure_{"the connection to the switch's database"};
    FailureLog switch_failure_{"the connection to the switch"};
    bool configuration_due_ = false;
};

} // namespace agent
