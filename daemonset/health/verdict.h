// Whether this node's network counts as unavailable: a lasting obstacle does, a passing one does
// not.
//
//   Obstacle, none, Obstacle ... ──► observe ──► none: available, at once
//                                           ├──► obstacles for kHoldOff without a break: unavailable, and why
//                                           └──► unknown: no report
//
// A restart of the agent or of the switch is over within the hold-off, so that the Node's condition
// does not flap.
#pragma once

#include "daemonset/base/wakeup.h"
#include "daemonset/cluster/network_report.h"
#include "daemonset/health/obstacle.h"

#include <optional>

namespace agent {

class Verdict {
  public:
    /// How long obstacles must last, of whatever causes in turn.
    static constexpr std::chrono::seconds kHoldOff{10};

    /// The obstacle at this moment. Returns whether the report has changed.
    bool observe(const std::optional<Obstacle>& obstacle, TimePoint now);
    /// Nothing before the first verdict, and while there is no Node object to report on.
    [[nodiscard]] const std::optional<NetworkReport>& report() const { return report_; }
    /// When to observe again even if nothing changes.
    [[nodiscard]] TimePoint deadline() const;

  private:
    [[nodiscard]] std::optional<NetworkReport> judge(const std::optional<Obstacle>& obstacle, TimePoint now);

    std::optional<TimePoint> since_; ///< the beginning of the current obstacles
    std::optional<NetworkReport> report_;
};

} // namespace agent
