#include "daemonset/health/verdict.h"

#include <utility>

namespace agent {

bool Verdict::observe(const std::optional<Obstacle>& obstacle, TimePoint now) {
    auto judged = judge(obstacle, now);
    const bool changed = judged != report_;
    report_ = std::move(judged);
    return changed;
}

std::optional<NetworkReport> Verdict::judge(const std::optional<Obstacle>& obstacle, TimePoint now) {
    if (!obstacle) {
        since_.reset();
        return NetworkReport{false, std::string(kServingReason), "ovs-cni serves pods on this node"};
    }
    // A cluster that was never read, or does not know this node, tells nothing about whether
    // packets are forwarded.
    if (obstacle->cause == Cause::ClusterUnread || obstacle->cause == Cause::NodeMissing) {
        since_.reset();
        return std::nullopt;
    }
    if (!since_) since_ = now;
    if (now < *since_ + kHoldOff) return report_;
    return NetworkReport{true, std::string(name(obstacle->cause)), obstacle->message};
}

TimePoint Verdict::deadline() const {
    const bool said = report_ && report_->unavailable;
    return since_ && !said ? *since_ + kHoldOff : kNever;
}

} // namespace agent
