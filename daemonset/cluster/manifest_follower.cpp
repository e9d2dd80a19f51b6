#include "daemonset/cluster/manifest_follower.h"

#include "words/list.h"

#include <algorithm>

namespace agent {
namespace {

namespace asio = boost::asio;
using outcome::Result;

constexpr std::chrono::milliseconds kRetry{500};
/// How many objects a log line names; the others are counted.
constexpr std::size_t kObjectsNamed = 5;

void log_change(const cluster::Change& change) {
    for (const auto& error : change.errors)
        log_error("manifest rejected, its last good objects stay in force", {{"reason", error.text()}});
    for (const auto& error : change.resolved) log_info("manifest recovered", {{"was", error.text()}});
    for (const auto& skipped : change.skipped) log_info("kind not used", {{"what", skipped.text()}});
    if (!change.objects.empty())
        log_info("cluster changed",
                 {{"objects", words::some_of(change.objects, kObjectsNamed, &cluster::ObjectKey::text)}});
}

} // namespace

ManifestFollower::ManifestFollower(asio::any_io_executor executor, NodeState& node, Listener& listener)
    : executor_(std::move(executor)), node_(node), listener_(listener) {}

Task<> ManifestFollower::run() {
    while (true) {
        const auto reason = co_await follow();
        opening_.failed(reason.message);
        co_await sleep_until(after(kRetry));
    }
}

Task<outcome::Error> ManifestFollower::follow() {
    auto opened = cluster::ManifestDirectory::open(executor_, node_.configuration.manifests.string());
    if (!opened) co_return opened.error();
    // The state is not known to be complete until all files of this directory have been valid once.
    node_.cluster = nullptr;
    directory_ = std::move(*opened);
    opening_.recovered();
    take(directory_->rescan());
    while (true) {
        auto change = co_await directory_->next_change();
        if (!change) co_return change.error();
        take(*change);
    }
}

void ManifestFollower::take(const cluster::Change& change) {
    log_change(change);
    const bool first = node_.cluster == nullptr;
    if (first && !directory_->errors().empty()) return;
    if (!first && change.objects.empty()) return;
    node_.cluster = directory_->shared_state();
    const bool nodes = std::ranges::any_of(change.objects, [](const auto& key) { return key.kind == "Node"; });
    listener_.cluster_changed({.nodes = first || nodes});
}

Result<void> ManifestFollower::rescan() {
    if (!directory_) return outcome::fail(last_error());
    take(directory_->rescan());
    return {};
}

std::vector<std::string> ManifestFollower::errors() const {
    std::vector<std::string> lines;
    if (directory_)
        for (const auto& error : directory_->errors()) lines.push_back(error.text());
    else if (!opening_.last_error().empty())
        lines.push_back(opening_.last_error());
    return lines;
}

std::string ManifestFollower::last_error() const {
    if (node_.cluster) return {};
    const auto wrong = errors();
    if (wrong.empty()) return "the manifests have not been read yet";
    return "not all manifests have been valid since the agent started: " + words::first_of(wrong);
}

} // namespace agent
