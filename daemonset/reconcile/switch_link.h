// Holds the two connections to the switch, and brings it in line again whenever one of them comes back.
//
//   OVSDB ──► attachments' records ──► bridge, tunnel port ──► changes, until it is lost ──► again
//     └── flow-restore-wait, until a dump shows every flow in place
//   OpenFlow ──► option mapping ──► Reconciler ──► foreign changes, until it is lost ──► again
#pragma once

#include "daemonset/attachments/attachments.h"
#include "daemonset/base/log.h"
#include "daemonset/node/node_state.h"
#include "daemonset/reconcile/reconciler.h"
#include "daemonset/switch/ovsdb/switch_database.h"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>

namespace agent {

class SwitchLink {
  public:
    /// `on_bridge` is called when the bridge's own port may be new or different, or the switch's database was lost.
    SwitchLink(boost::asio::any_io_executor executor, NodeState& node, Attachments& attachments, Reconciler& reconciler,
               std::function<void()> on_bridge);

    /// Both work for good.
    [[nodiscard]] boost::asio::awaitable<void> follow_database();
    [[nodiscard]] boost::asio::awaitable<void> follow_switch();

    /// The host's view (MTU, tunnel address) has changed: bridge and tunnel port have to follow.
    void settings_changed();
    /// The switch has confirmed flows.
    void flows_confirmed() { changed_.notify_all(); }
    /// Whether bridge and tunnel port are there.
    [[nodiscard]] bool bridge_ready() const { return bridge_ready_; }
    /// What is wrong with one of the connections; empty when nothing is.
    [[nodiscard]] std::string trouble() const;

  private:
    template <typename T> using Awaitable = boost::asio::awaitable<T>;

    /// Each works until the connection is lost, and says why.
    Awaitable<outcome::Error> use_database();
    Awaitable<outcome::Error> use_switch();
    Awaitable<outcome::Result<void>> configure(SwitchDatabase& database);
    Awaitable<void> follow_settings(std::shared_ptr<SwitchDatabase> database);
    Awaitable<void> end_flow_restore(std::shared_ptr<SwitchDatabase> database);
    void take(const DatabaseChange& change, const SwitchDatabase& database);

    NodeState& node_;
    Attachments& attachments_;
    Reconciler& reconciler_;
    std::function<void()> on_bridge_;
    Condition changed_;
    Condition pause_; ///< never notified: what waits on it only lets time pass
    TroubleLog database_trouble_{"the connection to the switch's database"};
    TroubleLog switch_trouble_{"the connection to the switch"};
    bool bridge_ready_ = false;
    bool configuration_due_ = false;
};

} // namespace agent
