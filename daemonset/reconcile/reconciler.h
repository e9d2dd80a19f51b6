// Keeps the switch's flows as the cluster's state asks: one compile and one atomic bundle at a time.
//
//   request() ──► compile ──► delta(installed, desired) ──► one bundle ──► installed = desired ──► host ──► confirmed
//      ▲                                                        └─► refused: log, dump, again with growing pauses
//      └── policies, pods, attachments, addresses                      (also after a connection, or a foreign change)
//
// What arrives while a bundle is under way is in the next one. Installed is only what the switch confirmed, and a
// change is confirmed when the host's own rules hold their part of it as well.
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
        /// last_error() is another one.
        virtual void flows_failed() = 0;
    };

    Reconciler(boost::asio::any_io_executor executor, Metrics& metrics, FlowInput& input, HostFollower& host,
               Listener& listener);

    /// Something that the compile reads has changed: `reason` says what, for the log at the level debug. Returns the
    /// change's number, to wait for with `installed`.
    std::uint64_t request(std::string_view reason);
    /// Returns when change `generation`, or one after it, is confirmed.
    /// Errors: an attempt that contained it failed (it is tried again all the same), or the deadline came.
    [[nodiscard]] Task<outcome::Result<void>> installed(std::uint64_t generation, TimePoint deadline);

    /// A connection whose switch is to be brought in line; its flows are dumped first.
    void connected(std::shared_ptr<OpenFlowConnection> connection);
    void disconnected();
    /// Somebody else changed the switch's flows: dump, compare, put right.
    void resynchronise();

    /// Dumps the switch's flows and compares them with what it confirmed: a line for each flow that is missing, extra
    /// or different and of which `concerned` holds. What differs is put right afterwards. Errors: the switch is not in
    /// line, or gives no answer.
    [[nodiscard]] Task<outcome::Result<std::vector<std::string>>>
    compare(std::function<bool(const flowgen::FlowKey&)> concerned);

    /// Works for good.
    [[nodiscard]] Task<> run();

    /// Whether the switch was in line once since it was connected.
    [[nodiscard]] bool in_sync() const { return connection_ && in_sync_; }
    /// Why it is not, or why the last attempt failed; empty when all is well.
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
    /// What a change does, and for whom; before `record`.
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

    std::vector<std::string> reasons_; ///< of those requests, the first few; only at the level debug

    flowgen::FlowSet installed_;
    std::vector<ForeignFlow> foreign_;            ///< found by the last dump, to be deleted
    std::map<std::uint64_t, std::string> owners_; ///< of the last compile, by cookie
    TableCounts desired_counts_{};
    std::vector<std::string> warnings_;

    bool dump_needed_ = true;
    bool in_sync_ = false;         ///< this connection's switch has been brought in line
    bool foreign_changed_ = false; ///< the dump is needed because of somebody else
    bool retry_due_ = false;
    std::string last_error_ = "the switch is not connected yet";
};

} // namespace agent
