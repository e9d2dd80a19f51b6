// Whether this node's network counts as unavailable: an obstacle that lasts does, one that passes does not.
//
//   Obstacle, none, Obstacle ... ──► observe ──► none: it serves, at once
//                                           ├──► the same trouble for kHoldOff without a break: unavailable, and why
//                                           └──► nothing can be said: no report
//
// A restart of the agent or of the switch passes within the hold-off, so that the Node's condition does not flap.
#pragma once

#include "daemonset/base/wakeup.h"
#include "daemonset/cluster/network_report.h"
#include "daemonset/health/obstacle.h"

#include <optional>

namespace agent {

class Verdict {
  public:
    /// How long something has to be in the way, of whatever causes in turn.
    static constexpr std::chrono::seconds kHoldOff{10};

    /// What is in the way at this moment. Returns whether the report is another one now.
    bool observe(const std::optional<Obstacle>& obstacle, TimePoint now);
    /// Nothing before the first verdict, and while there is no Node object to say it of.
    [[nodiscard]] const std::optional<NetworkReport>& report() const { return report_; }
    /// When to observe again even if nothing changes.
    [[nodiscard]] TimePoint deadline() const;

  private:
    [[nodiscard]] std::optional<NetworkReport> judge(const std::optional<Obstacle>& obstacle, TimePoint now);

    std::optional<TimePoint> since_; ///< from when on something has been in the way
    std::optional<NetworkReport> report_;
};

} // namespace agent
