#include "daemonset/base/metrics.h"

#include <prometheus/text_serializer.h>

#include <memory>

namespace agent {
namespace {

using prometheus::Registry;

prometheus::Counter& counter(Registry& registry, const std::string& name, const std::string& meaning,
                             const prometheus::Labels& labels = {}) {
    return prometheus::BuildCounter().Name(name).Help(meaning).Register(registry).Add(labels);
}

prometheus::Gauge& gauge(Registry& registry, const std::string& name, const std::string& meaning,
                         const prometheus::Labels& labels = {}) {
    return prometheus::BuildGauge().Name(name).Help(meaning).Register(registry).Add(labels);
}

/// From a tenth of a millisecond to ten seconds: both a policy change and the wait for a pod fall
/// inside.
const prometheus::Histogram::BucketBoundaries& time_buckets() {
    static const prometheus::Histogram::BucketBoundaries buckets{0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                                                 0.05,   0.1,    0.5,   1,     2,     5,    10};
    return buckets;
}

} // namespace

Metrics::Metrics() : Metrics(std::make_shared<Registry>()) {}

Metrics::Metrics(std::shared_ptr<Registry> registry)
    : flows_added(
          counter(*registry, "ovs_cni_flow_mods_total", "Flow changes that the switch confirmed", {{"kind", "add"}})),
      flows_removed(counter(*registry, "ovs_cni_flow_mods_total", "Flow changes that the switch confirmed",
                            {{"kind", "remove"}})),
      bundles(counter(*registry, "ovs_cni_bundles_total", "Bundles that the switch committed")),
      bundle_errors(counter(*registry, "ovs_cni_bundle_errors_total",
                            "Bundles that the switch refused or that were interrupted")),
      foreign_changes(counter(*registry, "ovs_cni_foreign_changes_total",
                              "Flows that another controller changed, restored by the agent")),
      resyncs(counter(*registry, "ovs_cni_resyncs_total", "Dumps of the switch's flows")),
      flows_desired(gauge(*registry, "ovs_cni_flows", "Flows of the bridge", {{"state", "desired"}})),
      flows_installed(gauge(*registry, "ovs_cni_flows", "Flows of the bridge", {{"state", "installed"}})),
      generation_desired(gauge(*registry, "ovs_cni_generation", "Number of the newest change", {{"state", "desired"}})),
      generation_installed(
          gauge(*registry, "ovs_cni_generation", "Number of the newest change", {{"state", "installed"}})),
      attachments(gauge(*registry, "ovs_cni_attachments", "Pod interfaces on this node")),
      source_errors(gauge(*registry, "ovs_cni_source_errors", "Manifest files whose last good state is in use")),
      ready(gauge(*registry, "ovs_cni_ready", "1 when pods can be served")),
      reconcile_seconds(prometheus::BuildHistogram()
                            .Name("ovs_cni_reconcile_seconds")
                            .Help("From a change to the switch's confirmation")
                            .Register(*registry)
                            .Add({}, time_buckets())),
      registry_(std::move(registry)), requests_(prometheus::BuildCounter()
                                                    .Name("ovs_cni_cni_requests_total")
                                                    .Help("CNI requests by verb and error code (0: success)")
                                                    .Register(*registry_)),
      request_seconds_(prometheus::BuildHistogram()
                           .Name("ovs_cni_cni_request_seconds")
                           .Help("Time from a CNI request to its answer")
                           .Register(*registry_)),
      addresses_(prometheus::BuildGauge()
                     .Name("ovs_cni_addresses")
                     .Help("Pod addresses of this node by family")
                     .Register(*registry_)) {}

void Metrics::count_request(const std::string& verb, int code, std::chrono::duration<double> time) {
    requests_.Add({{"verb", verb}, {"code", std::to_string(code)}}).Increment();
    request_seconds_.Add({{"verb", verb}}, time_buckets()).Observe(time.count());
}

void Metrics::set_addresses(const std::string& family, double free, double used) {
    addresses_.Add({{"family", family}, {"state", "free"}}).Set(free);
    addresses_.Add({{"family", family}, {"state", "used"}}).Set(used);
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_->Collect()); }

} // namespace agent
