// Keeps the switch's flows in sync with the cluster's state: one compile and one atomic bundle at a
// time.
//
//   request() ──► compile ──► delta(installed, desired) ──► one bundle ──► installed = desired ──► host ──► confirmed
//      ▲                                                        └─► refused: log, dump, retry with growing pauses
//      └── policies, pods, attachments, addresses                      (also after a connection, or a foreign change)
//
// Changes that arrive while a bundle is in flight go into the next one. Only flows that the switch
// confirmed count as installed, and a change is confirmed when the host's own rules hold their part
// of it as well.
#pragma once

#include "daemonset/base/interface.h"
#include "daemonset/base/log.h"
#include "daemonset/base/metrics.h"
#include "daemonset/base/wakeup.h"
#include "daemonset/host/host_follower.h"
#include "daemonset/reconcile/flow_input.h"
#include "daemonset/switch/openflow/openflow_connection.h"
#include "flowgen/compile.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// Flows in each of the 256 tables.
using TableCounts = std::array<std::size_t, 256>;

class Reconciler {
  public:
    class Listener : public Interface {
      public:
        /// The switch has confirmed this change, and the host's own rules hold their part of it.
        virtual void flows_confirmed(std::uint64_t generation) = 0;
        /// last_error() has changed.
        virtual void flows_failed() = 0;
    };

    Reconciler(boost::asio::any_io_executor executor, Metrics& metrics, FlowInput& input, HostFollower& host,
               Listener& listener);

    /// The input of the compile has changed, for this `reason`, which is logged at the level debug.
    /// Returns the change's number, to wait for with `installed`.
    std::uint64_t request(std::string_view reason);
    /// Returns when change `generation`, or one after it, is confirmed.
    /// Errors: an attempt that contained it failed (it is retried all the same), or the deadline
    /// came.
    [[nodiscard]] Task<outcome::Result<void>> installed(std::uint64_t generation, TimePoint deadline);

    /// A new connection, whose switch has to be brought into sync; its flows are dumped first.
    void connected(std::shared_ptr<OpenFlowConnection> connection);
    void disconnected();
    /// Another controller has changed the switch's flows: dump, compare, restore.
    void resynchronise();

    /// Dumps the switch's flows and compares them with the confirmed ones: a line for each flow
    /// that is missing, extra or different and for which `concerned` holds. Differences are
    /// repaired afterwards. Errors: the flows are not in sync, or the switch does not answer.
    [[nodiscard]] Task<outcome::Result<std::vector<std::string>>>
    compare(std::function<bool(const flowgen::FlowKey&)> concerned);

    /// Runs for good.
    [[nodiscard]] Task<> run();

    /// Whether the flows have been in sync once on this connection.
    [[nodiscard]] bool in_sync() const { return connection_ && in_sync_; }
    /// Why they are not, or why the last attempt failed; empty when all is well.
    [[nodiscard]] const std::string& last_error() const { return last_error_; }
    [[nodiscard]] std::uint64_t desired_generation() const { return desired_generation_; }
    [[nodiscard]] std::uint64_t installed_generation() const { return installed_generation_; }
    [[nodiscard]] const TableCounts& desired_counts() const { return desired_counts_; }
    [[nodiscard]] TableCounts installed_counts() const;

  private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] bool work_waits() const;
    [[nodiscard]] Task<outcome::Result<void>> install();
    [[nodiscard]] Task<outcome::Result<void>> dump();
    [[nodiscard]] Task<outcome::Result<void>> send(const flowgen::FlowDelta& delta);
    [[nodiscard]] outcome::Result<flowgen::CompiledFlows> compile();
    /// The switch holds these flows now.
    void record(flowgen::FlowSet flows, const flowgen::FlowDelta& delta);
    void confirm(std::uint64_t generation, const flowgen::FlowDelta& delta);
    void log_warnings(std::vector<std::string> warnings);
    /// Logs the effect of a change, and its owners; before `record`.
    void log_decisions(const flowgen::FlowDelta& delta) const;
    [[nodiscard]] std::string with_owner(std::string reason) const;

    Metrics& metrics_;
    FlowInput& input_;
    HostFollower& host_;
    Listener& listener_;
    Wakeup changed_;
    std::shared_ptr<OpenFlowConnection> connection_;

    std::uint64_t desired_generation_ = 0;
    std::uint64_t attempted_generation_ = 0;
    std::uint64_t installed_generation_ = 0;
    std::optional<Clock::time_point> first_request_; ///< of those that no attempt contains yet

    std::vector<std::string> reasons_; ///< of the first few of those requests; only at the level debug

    flowgen::FlowSet installed_;
    std::vector<ForeignFlow> foreign_;            ///< found by the last dump, to be deleted
    std::map<std::uint64_t, std::string> owners_; ///< of the last compile, by cookie
    TableCounts desired_counts_{};
    std::vector<std::string> warnings_;

    bool dump_needed_ = true;
    bool in_sync_ = false;         ///< the flows have been in sync on this connection
    bool foreign_changed_ = false; ///< the dump is needed because of another controller
    bool retry_due_ = false;
    std::string last_error_ = "the switch is not connected yet";
};

} // namespace agent
