#include "daemonset/health/node_pages.h"

#include "daemonset/host/gateway.h"
#include "flowgen/flow/pipeline.h"

#include <nlohmann/json.hpp>

#include <numeric>

namespace agent {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kSynchronisePatience{10};
constexpr auto kJson = "application/json";

std::size_t total(const TableCounts& counts) { return std::accumulate(counts.begin(), counts.end(), std::size_t{0}); }

json texts(const std::vector<ipam::IpAddress>& addresses) {
    json list = json::array();
    for (const auto& address : addresses) list.push_back(address.text());
    return list;
}

json flows_by_table(const TableCounts& desired, const TableCounts& installed) {
    json tables = json::object();
    for (std::size_t table = 0; table < desired.size(); ++table)
        if (desired[table] > 0 || installed[table] > 0)
            tables[std::string(flowgen::table_name(static_cast<std::uint8_t>(table)))] = {
                {"table", table}, {"desired", desired[table]}, {"installed", installed[table]}};
    return {{"desired", total(desired)}, {"installed", total(installed)}, {"tables", std::move(tables)}};
}

json describe(const AttachmentRecord& record) {
    return {{"container", record.key.container_id},
            {"interface", record.key.interface},
            {"port", record.host_interface},
            {"ofport", record.ofport},
            {"mac", record.mac.text()},
            {"addresses", texts(record.addresses)},
            {"network", record.network},
            {"sandbox", record.sandbox},
            {"pod", record.pod ? json(text(*record.pod)) : json()}};
}

std::size_t count_label_sets(const flowgen::ClusterState& state) {
    std::size_t count = 0;
    for (const auto& [name, sets] : state.label_sets) count += sets.size();
    return count;
}

HttpAnswer refusal(const std::string& reason) { return {503, "text/plain; charset=utf-8", reason + "\n"}; }

} // namespace

NodePages::NodePages(Metrics& metrics, Parts parts) : metrics_(metrics), parts_(parts) {}

void NodePages::serve_on(HttpServer& server) {
    server.serve("/healthz", []() -> Task<HttpAnswer> {
        // Reaching this line is the answer: the event loop runs.
        co_return HttpAnswer{200, "text/plain; charset=utf-8", "ok\n"};
    });
    server.serve("/readyz", [this]() -> Task<HttpAnswer> {
        const auto reason = parts_.readiness.unready();
        if (!reason.empty()) co_return refusal(reason);
        co_return HttpAnswer{200, "text/plain; charset=utf-8", "ready\n"};
    });
    server.serve("/metrics", [this]() -> Task<HttpAnswer> { co_return metrics_page(); });
    server.serve("/debug",
                 [this]() -> Task<HttpAnswer> { co_return HttpAnswer{200, kJson, debug_page().dump(2) + "\n"}; });
    server.serve("/debug/sync", [this]() -> Task<HttpAnswer> { return synchronise(); });
}

HttpAnswer NodePages::metrics_page() {
    metrics_.ready.Set(parts_.readiness.unready().empty() ? 1 : 0);
    metrics_.attachments.Set(static_cast<double>(parts_.attachments.records().size()));
    metrics_.source_errors.Set(static_cast<double>(parts_.source.errors().size()));
    for (const auto& use : parts_.attachments.address_use())
        metrics_.set_addresses(std::string(ipam::name(use.range.family())), static_cast<double>(use.free()),
                               static_cast<double>(use.used));
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text()};
}

json NodePages::debug_page() const {
    const auto reason = parts_.readiness.unready();
    json page{{"node", parts_.node.configuration.node},
              {"ready", reason.empty()},
              {"reason", reason},
              {"generation",
               {{"desired", parts_.reconciler.desired_generation()},
                {"installed", parts_.reconciler.installed_generation()}}},
              {"flows", flows_by_table(parts_.reconciler.desired_counts(), parts_.reconciler.installed_counts())},
              {"sourceErrors", parts_.source.errors()}};
    page["attachments"] = json::array();
    for (const auto& [port, record] : parts_.attachments.records()) page["attachments"].push_back(describe(record));
    page["requestsUnderWay"] = parts_.attachments.count_under_way();
    page["addresses"] = json::array();
    for (const auto& use : parts_.attachments.address_use())
        page["addresses"].push_back(
            {{"range", use.range.text()}, {"capacity", use.capacity}, {"used", use.used}, {"free", use.free()}});
    if (parts_.node.host)
        page["network"] = {{"tunnelAddress", parts_.node.host->underlay.address.text()},
                           {"tunnelOfport", parts_.node.tunnel_ofport},
                           {"underlay", parts_.node.host->underlay.link},
                           {"underlayMtu", parts_.node.host->underlay.mtu},
                           {"podMtu", parts_.node.host->mtu},
                           {"gatewayMac", gateway_mac(parts_.node.configuration.node).text()},
                           {"hostAddresses", texts(parts_.node.host->addresses)}};
    if (parts_.node.cluster)
        page["cluster"] = {{"namespaces", parts_.node.cluster->namespaces.size()},
                           {"nodes", parts_.node.cluster->nodes.size()},
                           {"pods", parts_.node.cluster->pods.size()},
                           {"workloads", parts_.node.cluster->workloads.size()},
                           {"policies", parts_.node.cluster->policies.size()},
                           {"labelSets", count_label_sets(*parts_.node.cluster)}};
    return page;
}

Task<HttpAnswer> NodePages::synchronise() {
    if (auto rescanned = parts_.source.rescan(); !rescanned) co_return refusal(rescanned.error().message);
    const auto deadline = after(kSynchronisePatience);
    const auto host = parts_.host.refresh();
    if (!co_await parts_.host.looked_at(host, deadline)) co_return refusal(parts_.readiness.unready());
    const auto generation = parts_.reconciler.request("/debug/sync");
    auto installed = co_await parts_.reconciler.installed(generation, deadline);
    if (!installed) co_return refusal(installed.error().message);
    if (const auto reason = parts_.readiness.unready(); !reason.empty()) co_return refusal(reason);
    const json answer{{"generation", parts_.reconciler.installed_generation()},
                      {"desired", total(parts_.reconciler.desired_counts())},
                      {"installed", total(parts_.reconciler.installed_counts())},
                      {"sourceErrors", parts_.source.errors()}};
    co_return HttpAnswer{200, kJson, answer.dump() + "\n"};
}

} // namespace agent
