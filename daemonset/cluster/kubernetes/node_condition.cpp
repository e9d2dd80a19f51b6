#include "daemonset/cluster/kubernetes/node_condition.h"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>
#include <utility>

namespace agent::kubernetes {
namespace {

using nlohmann::json;
using outcome::fail;
using outcome::Result;

constexpr auto kType = "NetworkUnavailable";
constexpr unsigned kOk = 200;
constexpr unsigned kNotFound = 404;

std::string status_path(const std::string& node) { return "/api/v1/nodes/" + percent_encode(node) + "/status"; }

/// RFC 3339, to the second, the form of metav1.Time.
std::string now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

ApiRequest patch(const std::string& path, json condition) {
    ApiRequest request;
    request.method = "PATCH";
    request.target = path;
    request.accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"; // a whole Node is not small
    request.content_type = "application/strategic-merge-patch+json";
    condition["type"] = kType;
    request.body = json{{"status", {{"conditions", json::array({std::move(condition)})}}}}.dump();
    return request;
}

} // namespace

NodeCondition::NodeCondition(ApiServers& servers, const std::string& node)
    : servers_(servers), path_(status_path(node)), session_(servers), changed_(servers.executor()),
      backoff_(servers.timing().first_retry, servers.timing().longest_retry, Jitter::UpToHalf) {}

void NodeCondition::report(const std::optional<NetworkReport>& report) {
    agreed_ = false;
    if (report)
        wanted_ = ConditionText{report->unavailable ? "True" : "False", report->reason, report->message};
    else
        wanted_.reset();
    changed_.notify_all();
}

void NodeCondition::seen(const SeenNode& node) {
    if (seen_ == node) return;
    if (!node.exists) agreed_ = false;
    seen_ = node;
    changed_.notify_all();
}

Task<> NodeCondition::run() {
    while (true) {
        if (!is_due()) {
            agreed_ = wanted_ && seen_.exists;
            co_await changed_.wait();
            continue;
        }
        const auto written = co_await write();
        if (written) {
            failure_.recovered();
            backoff_.reset();
            // Watch events from before the write sometimes arrive after it, and would look like a
            // change.
            co_await sleep_until(after(servers_.timing().echo));
        } else {
            failure_.failed(written.error().message);
            co_await sleep_until(after(backoff_.pause()));
        }
    }
}

Task<Result<void>> NodeCondition::write() {
    const ConditionText text = *wanted_;
    const ConditionText before = seen_.network;
    json condition{
        {"status", text.status}, {"reason", text.reason}, {"message", text.message}, {"lastHeartbeatTime", now()}};
    if (before.status != text.status) condition["lastTransitionTime"] = now();
    if (std::exchange(agreed_, false))
        log_warning("condition NetworkUnavailable changed by another component, restoring it",
                    {{"status", before.status}, {"reason", before.reason}, {"message", before.message}});
    auto answer = co_await session_.fetch(patch(path_, std::move(condition)));
    // Writes are rare: a connection kept between them would only be a burden to the server.
    if (answer && is_fault_of_server(answer->status)) session_.blame_server();
    session_.close();
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->status != kOk) co_return fail(describe_refusal(*answer));
    seen_.network = text;
    log_info("the node's condition NetworkUnavailable was set", {{"status", text.status}, {"reason", text.reason}});
    co_return Result<void>();
}

Task<Result<bool>> remove_condition(ApiServers& servers, std::string node) {
    ApiSession session(servers);
    ApiRequest question;
    question.target = status_path(node);
    CO_ASSIGN_OR_RETURN(const auto found, co_await session.fetch(std::move(question)));
    if (found.status == kNotFound) co_return false;
    if (found.status != kOk) co_return fail(describe_refusal(found));
    if (!is_own_reason(network_condition(json::parse(found.body, nullptr, false)).reason)) co_return false;
    json directive{{"$patch", "delete"}};
    CO_ASSIGN_OR_RETURN(const auto answer, co_await session.fetch(patch(status_path(node), std::move(directive))));
    if (answer.status != kOk && answer.status != kNotFound) co_return fail(describe_refusal(answer));
    co_return true;
}

} // namespace agent::kubernetes
