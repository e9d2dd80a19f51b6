// The agent's metrics, in Prometheus' terms; every metric is defined here and nowhere else.
//
//   reconciler, CNI server ──► Metrics ──► text() ──► GET /metrics
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <string>

namespace agent {

class Metrics {
  public:
    Metrics();

    prometheus::Counter& flows_added;     ///< flow-mods that the switch confirmed
    prometheus::Counter& flows_removed;   ///< the same, deletions
    prometheus::Counter& bundles;         ///< bundles committed
    prometheus::Counter& bundle_errors;   ///< bundles that the switch refused, or that were interrupted
    prometheus::Counter& foreign_changes; ///< flows that another controller changed, now restored
    prometheus::Counter& resyncs;         ///< dumps of the switch's flows
    prometheus::Gauge& flows_desired;
    prometheus::Gauge& flows_installed;
    prometheus::Gauge& generation_desired;
    prometheus::Gauge& generation_installed;
    prometheus::Gauge& attachments;
    prometheus::Gauge& source_errors;         ///< files whose last good state is in use
    prometheus::Gauge& ready;                 ///< 1 when /readyz returns 200
    prometheus::Histogram& reconcile_seconds; ///< from the first change to the switch's confirmation

    /// One CNI request, answered with this error code (0: success) after this time.
    void count_request(const std::string& verb, int code, std::chrono::duration<double> time);
    void set_addresses(const std::string& family, double free, double used);

    /// The exposition format, as Prometheus scrapes it.
    [[nodiscard]] std::string text() const;

  private:
    explicit Metrics(std::shared_ptr<prometheus::Registry> registry);

    std::shared_ptr<prometheus::Registry> registry_;
    prometheus::Family<prometheus::Counter>& requests_;
    prometheus::Family<prometheus::Histogram>& request_seconds_;
    prometheus::Family<prometheus::Gauge>& addresses_;
};

} // namespace agent
