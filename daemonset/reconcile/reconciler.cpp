#include "daemonset/reconcile/reconciler.h"

#include "daemonset/base/backoff.h"

#include <fmt/format.h>

#include <malloc.h>

#include <algorithm>
#include <cstdlib>

namespace agent {
namespace {

namespace asio = boost::asio;
using flowgen::FlowDelta;
using flowgen::FlowKey;
using flowgen::FlowSet;
using outcome::fail;
using outcome::Result;

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{10000};
/// A change of this many flows leaves enough free memory behind to be worth giving back to the kernel.
constexpr std::size_t kLargeChange = 2000;
/// How many lines of a change are logged at the level debug.
constexpr std::size_t kLinesLogged = 20;

TableCounts count(const FlowSet& flows) {
    TableCounts counts{};
    for (const auto& [key, body] : flows) ++counts[key.table];
    return counts;
}

std::size_t size_of(const FlowDelta& delta) { return delta.removed.size() + delta.added_or_changed.size(); }

double milliseconds(std::chrono::steady_clock::duration time) {
    return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(time).count()) / 1000;
}

} // namespace

Reconciler::Reconciler(asio::any_io_executor executor, Metrics& metrics, FlowInput& input, HostFollower& host,
                       Listener& listener)
    : metrics_(metrics), input_(input), host_(host), listener_(listener), changed_(std::move(executor)) {}

std::uint64_t Reconciler::request(std::string_view reason) {
    if (logs_debug() && reasons_.size() < kLinesLogged) reasons_.emplace_back(reason);
    if (!first_request_) first_request_ = Clock::now();
    metrics_.generation_desired.Set(static_cast<double>(++desired_generation_));
    changed_.notify_all();
    return desired_generation_;
}

Task<Result<void>> Reconciler::installed(std::uint64_t generation, TimePoint deadline) {
    while (installed_generation_ < generation) {
        if (!connection_) co_return fail(last_error_);
        if (attempted_generation_ >= generation && !last_error_.empty()) co_return fail(last_error_);
        const bool notified = co_await changed_.wait_until(deadline);
        if (!notified && installed_generation_ < generation)
            co_return fail("the switch has not confirmed the flows in time" +
                           (last_error_.empty() ? "" : ": " + last_error_));
    }
    co_return Result<void>();
}

void Reconciler::connected(std::shared_ptr<OpenFlowConnection> connection) {
    connection_ = std::move(connection);
    dump_needed_ = true;
    in_sync_ = false;
    changed_.notify_all();
}

void Reconciler::disconnected() {
    connection_.reset();
    in_sync_ = false;
    last_error_ = "the switch is not connected";
    changed_.notify_all();
    listener_.flows_failed();
}

void Reconciler::resynchronise() {
    dump_needed_ = true;
    foreign_changed_ = true;
    changed_.notify_all();
}

bool Reconciler::work_waits() const {
    return connection_ && (dump_needed_ || retry_due_ || attempted_generation_ < desired_generation_);
}

Task<> Reconciler::run() {
    Backoff backoff(kFirstPause, kLongestPause);
    while (true) {
        if (!work_waits()) {
            co_await changed_.wait();
            continue;
        }
        auto installed = co_await install();
        if (installed) {
            backoff.reset();
            last_error_.clear();
            changed_.notify_all();
            continue;
        }
        if (installed.error().message != last_error_) {
            last_error_ = installed.error().message;
            log_error("policy and flows not installed",
                      {{"generation", attempted_generation_}, {"reason", last_error_}});
            listener_.flows_failed();
        }
        changed_.notify_all();
        // A new change, or a new connection, justifies an attempt at once.
        retry_due_ = !co_await changed_.wait_until(after(backoff.pause()));
        if (!retry_due_) backoff.reset();
    }
}

Task<Result<void>> Reconciler::install() {
    retry_due_ = false;
    attempted_generation_ = desired_generation_;
    if (dump_needed_) {
        // Cleared before, so that a foreign change during the dump requests another one.
        dump_needed_ = false;
        auto dumped = co_await dump();
        if (!dumped) {
            dump_needed_ = true;
            co_return dumped;
        }
    }
    const auto generation = attempted_generation_ = desired_generation_;
    const auto requested = std::exchange(first_request_, std::nullopt);
    const auto reasons = std::exchange(reasons_, {});
    if (!reasons.empty())
        log_debug("compiling flows",
                  {{"generation", generation}, {"reasons", fmt::format("{}", fmt::join(reasons, "; "))}});
    CO_ASSIGN_OR_RETURN(auto desired, compile());
    const auto delta = flowgen::delta(installed_, desired.flows);
    if (!delta.empty() || !foreign_.empty()) {
        auto sent = co_await send(delta);
        if (!sent) co_return sent;
    }
    if (logs_debug()) log_decisions(delta);
    record(std::move(desired.flows), delta);
    CO_RETURN_IF_ERROR(host_.enforce(desired.host_policy));
    confirm(generation, delta);
    if (requested) metrics_.reconcile_seconds.Observe(milliseconds(Clock::now() - *requested) / 1000);
    co_return Result<void>();
}

Task<Result<void>> Reconciler::dump() {
    const auto connection = connection_;
    if (!connection) co_return fail("the switch is not connected");
    CO_ASSIGN_OR_RETURN(auto found, co_await connection->dump());
    metrics_.resyncs.Increment();
    if (std::exchange(foreign_changed_, false)) {
        const auto changed = size_of(flowgen::delta(found.flows, installed_)) + found.foreign.size();
        metrics_.foreign_changes.Increment(static_cast<double>(changed));
        if (changed > 0) log_warning("flows changed by another controller, restoring them", {{"flows", changed}});
    }
    installed_ = std::move(found.flows);
    foreign_ = std::move(found.foreign);
    co_return Result<void>();
}

Result<flowgen::CompiledFlows> Reconciler::compile() {
    ASSIGN_OR_RETURN(const auto input, input_.read());
    ASSIGN_OR_RETURN(auto compiled, flowgen::compile(*input.cluster, input.local));
    owners_ = std::move(compiled.owners);
    desired_counts_ = count(compiled.flows);
    metrics_.flows_desired.Set(static_cast<double>(compiled.flows.size()));
    log_warnings(std::move(compiled.warnings));
    return compiled;
}

Task<Result<void>> Reconciler::send(const FlowDelta& delta) {
    const auto connection = connection_;
    if (!connection) co_return fail("the switch is not connected");
    auto applied = co_await connection->apply(delta, foreign_);
    if (applied) co_return applied;
    metrics_.bundle_errors.Increment();
    dump_needed_ = true;
    co_return fail(with_owner(applied.error().message));
}

void Reconciler::record(FlowSet flows, const FlowDelta& delta) {
    installed_ = std::move(flows);
    foreign_.clear();
    metrics_.flows_installed.Set(static_cast<double>(installed_.size()));
    if (!delta.empty()) metrics_.bundles.Increment();
    metrics_.flows_added.Increment(static_cast<double>(delta.added_or_changed.size()));
    metrics_.flows_removed.Increment(static_cast<double>(delta.removed.size()));
}

void Reconciler::confirm(std::uint64_t generation, const FlowDelta& delta) {
    const bool first = !std::exchange(in_sync_, true);
    installed_generation_ = generation;
    listener_.flows_confirmed(generation);
    metrics_.generation_installed.Set(static_cast<double>(generation));
    if (first || !delta.empty())
        log_info(first ? "flows in sync" : "flows installed", {{"generation", generation},
                                                               {"flows", installed_.size()},
                                                               {"added", delta.added_or_changed.size()},
                                                               {"removed", delta.removed.size()}});
    if (first || size_of(delta) >= kLargeChange) malloc_trim(0);
}

void Reconciler::log_decisions(const FlowDelta& delta) const {
    std::size_t lines = 0;
    for (const auto& key : delta.removed)
        if (++lines <= kLinesLogged) log_debug("flow removed", {{"flow", flowgen::text(key, installed_.at(key))}});
    for (const auto& [key, body] : delta.added_or_changed) {
        if (++lines > kLinesLogged) continue;
        const auto owner = owners_.find(body.cookie);
        log_debug("flow added or changed",
                  {{"owner", owner == owners_.end() ? "unknown" : owner->second}, {"flow", flowgen::text(key, body)}});
    }
    if (lines > kLinesLogged) log_debug("more flows changed", {{"flows", lines - kLinesLogged}});
}

Task<Result<std::vector<std::string>>> Reconciler::compare(std::function<bool(const FlowKey&)> concerned) {
    const auto connection = connection_;
    if (!connection || !in_sync_) co_return fail(last_error_.empty() ? "the flows are not in sync yet" : last_error_);
    // Flows that change during the dump would look like differences: only a dump between two
    // bundles counts.
    while (true) {
        const auto before = installed_generation_;
        const auto found = co_await connection->dump();
        if (!found) co_return std::unexpected(found.error());
        if (before != installed_generation_ || attempted_generation_ != installed_generation_) {
            CO_RETURN_IF_ERROR(co_await installed(desired_generation_, after(kLongestPause)));
            continue;
        }
        const auto difference = flowgen::delta(found->flows, installed_);
        std::vector<std::string> lines;
        for (const auto& [key, body] : difference.added_or_changed)
            if (concerned(key))
                lines.push_back((found->flows.contains(key) ? "flow changed: " : "flow missing: ") +
                                flowgen::text(key, body));
        for (const auto& key : difference.removed)
            if (concerned(key))
                lines.push_back("flow of another controller: " + flowgen::text(key, found->flows.at(key)));
        if (!difference.empty() || !found->foreign.empty()) resynchronise();
        co_return lines;
    }
}

TableCounts Reconciler::installed_counts() const { return count(installed_); }

void Reconciler::log_warnings(std::vector<std::string> warnings) {
    for (const auto& warning : warnings)
        if (std::ranges::find(warnings_, warning) == warnings_.end()) log_warning("not served", {{"reason", warning}});
    warnings_ = std::move(warnings);
}

std::string Reconciler::with_owner(std::string reason) const {
    constexpr std::string_view prefix = "cookie=0x";
    const auto start = reason.find(prefix);
    if (start == std::string::npos) return reason;
    const auto cookie = std::strtoull(reason.c_str() + start + prefix.size(), nullptr, 16);
    const auto owner = owners_.find(cookie);
    return owner == owners_.end() ? reason : reason + " (this flow belongs to " + owner->second + ")";
}

} // namespace agent
