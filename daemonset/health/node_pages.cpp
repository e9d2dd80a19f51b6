// The agent's pages: what an administrator, a kubelet and Prometheus read.
#include "daemonset/node_agent.h"

#include "daemonset/host/gateway.h"
#include "flowgen/flow/pipeline.h"

#include <nlohmann/json.hpp>

#include <numeric>

namespace agent {
namespace {

namespace asio = boost::asio;
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
            {"pod", record.pod ? json(record.pod->namespace_ + "/" + record.pod->name) : json()}};
}

std::size_t count_label_sets(const flowgen::ClusterState& state) {
    std::size_t count = 0;
    for (const auto& [name, sets] : state.label_sets) count += sets.size();
    return count;
}

HttpAnswer refusal(const std::string& reason) { return {503, "text/plain; charset=utf-8", reason + "\n"}; }

} // namespace

void NodeAgent::serve_pages() {
    http_server_.serve("/healthz", []() -> Awaitable<HttpAnswer> {
        // That this runs at all is the answer: the event loop turns.
        co_return HttpAnswer{200, "text/plain; charset=utf-8", "ok\n"};
    });
    http_server_.serve("/readyz", [this]() -> Awaitable<HttpAnswer> {
        const auto reason = unready();
        if (!reason.empty()) co_return refusal(reason);
        co_return HttpAnswer{200, "text/plain; charset=utf-8", "ready\n"};
    });
    http_server_.serve("/metrics", [this]() -> Awaitable<HttpAnswer> { co_return metrics_page(); });
    http_server_.serve(
        "/debug", [this]() -> Awaitable<HttpAnswer> { co_return HttpAnswer{200, kJson, debug_page().dump(2) + "\n"}; });
    http_server_.serve("/debug/sync", [this]() -> Awaitable<HttpAnswer> { return synchronise(); });
}

HttpAnswer NodeAgent::metrics_page() {
    metrics_.ready.Set(unready().empty() ? 1 : 0);
    metrics_.attachments.Set(static_cast<double>(attachments_.records().size()));
    metrics_.source_errors.Set(static_cast<double>(source_->errors().size()));
    for (const auto& use : attachments_.address_use())
        metrics_.set_addresses(std::string(ipam::name(use.range.family())), static_cast<double>(use.free()),
                               static_cast<double>(use.used));
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text()};
}

json NodeAgent::debug_page() const {
    const auto reason = unready();
    json page{{"node", node_.configuration.node},
              {"ready", reason.empty()},
              {"reason", reason},
              {"generation",
               {{"desired", reconciler_.desired_generation()}, {"installed", reconciler_.installed_generation()}}},
              {"flows", flows_by_table(reconciler_.desired_counts(), reconciler_.installed_counts())},
              {"sourceErrors", source_->errors()}};
    page["attachments"] = json::array();
    for (const auto& [port, record] : attachments_.records()) page["attachments"].push_back(describe(record));
    page["requestsUnderWay"] = attachments_.count_under_way();
    page["addresses"] = json::array();
    for (const auto& use : attachments_.address_use())
        page["addresses"].push_back(
            {{"range", use.range.text()}, {"capacity", use.capacity}, {"used", use.used}, {"free", use.free()}});
    if (node_.host)
        page["network"] = {{"tunnelAddress", node_.host->underlay.address.text()},
                           {"tunnelOfport", node_.tunnel_ofport},
                           {"underlay", node_.host->underlay.link},
                           {"underlayMtu", node_.host->underlay.mtu},
                           {"podMtu", node_.host->mtu},
                           {"gatewayMac", gateway_mac(node_.configuration.node).text()},
                           {"hostAddresses", texts(node_.host->addresses)}};
    if (node_.cluster)
        page["cluster"] = {{"namespaces", node_.cluster->namespaces.size()},
                           {"nodes", node_.cluster->nodes.size()},
                           {"pods", node_.cluster->pods.size()},
                           {"workloads", node_.cluster->workloads.size()},
                           {"policies", node_.cluster->policies.size()},
                           {"labelSets", count_label_sets(*node_.cluster)}};
    return page;
}

asio::awaitable<HttpAnswer> NodeAgent::synchronise() {
    if (auto rescanned = source_->rescan(); !rescanned) co_return refusal(rescanned.error().message);
    const auto deadline = after(kSynchronisePatience);
    const auto host = refresh_host();
    while (host_done_ < host) {
        if (co_await host_changed_.wait_until(deadline)) continue;
        if (host_done_ < host) co_return refusal(unready());
    }
    const auto generation = reconciler_.request();
    auto installed = co_await reconciler_.installed(generation, deadline);
    if (!installed) co_return refusal(installed.error().message);
    if (const auto reason = unready(); !reason.empty()) co_return refusal(reason);
    const json answer{{"generation", reconciler_.installed_generation()},
                      {"desired", total(reconciler_.desired_counts())},
                      {"installed", total(reconciler_.installed_counts())},
                      {"sourceErrors", source_->errors()}};
    co_return HttpAnswer{200, kJson, answer.dump() + "\n"};
}

} // namespace agent
