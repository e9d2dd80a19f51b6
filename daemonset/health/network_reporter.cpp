#include "daemonset/health/network_reporter.h"

#include "daemonset/base/log.h"
#include "daemonset/health/verdict.h"

namespace agent {

Task<> NetworkReporter::run() {
    Verdict verdict;
    std::optional<Obstacle> before;
    while (true) {
        auto found = readiness_.obstacle();
        if (!found) found = installation_.installation_obstacle();
        if (found != before) {
            if (found)
                log_debug("an obstacle to serving pods", {{"cause", name(found->cause)}, {"message", found->message}});
            else
                log_debug("no obstacle to serving pods");
            before = found;
        }
        if (verdict.observe(found, std::chrono::steady_clock::now())) {
            const auto& report = verdict.report();
            source_.report(report);
            if (report && report->unavailable)
                log_error("pods cannot be served", {{"reason", report->reason}, {"message", report->message}});
            else if (report)
                log_info("pods are served");
        }
        co_await readiness_.wait_for_change(verdict.deadline());
    }
}

} // namespace agent
