#include "daemonset/cluster/kubernetes/api_follower.h"

#include "daemonset/base/log.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>

namespace agent::kubernetes {

namespace asio = boost::asio;

ApiFollower::ApiFollower(const asio::any_io_executor& executor, NodeState& node, OnChange on_change, ReadAccess read,
                         Timing timing)
    : node_(node), on_change_(std::move(on_change)), servers_(executor, std::move(read), timing),
      view_(node.configuration.node, node.configuration.service_cidrs), condition_(servers_, node.configuration.node) {
    for (auto& source : view_.sources())
        followers_.push_back(std::make_unique<ResourceFollower>(servers_, std::move(source.resource), source.sink,
                                                                [this] { settled(); }));
}

asio::awaitable<void> ApiFollower::run() {
    for (const auto& follower : followers_) asio::co_spawn(servers_.executor(), follower->run(), asio::detached);
    asio::co_spawn(servers_.executor(), condition_.run(), asio::detached);
    co_return;
}

bool ApiFollower::synchronised() const {
    return std::ranges::all_of(followers_, [](const auto& follower) { return follower->listed(); });
}

void ApiFollower::settled() {
    if (!synchronised()) return;
    const auto changes = view_.take_changes();
    const bool first = node_.cluster == nullptr;
    if (first || changes.count > 0) {
        node_.cluster = &view_.state();
        log_info("cluster changed", {{"objects", changes.text()}});
        on_change_({.nodes = first || changes.nodes});
    }
    condition_.seen(view_.own_node()); // last, so that what the change means for the report comes first
}

outcome::Result<void> ApiFollower::rescan() {
    if (auto reason = trouble(); !reason.empty()) return outcome::fail(std::move(reason));
    return {};
}

std::vector<std::string> ApiFollower::errors() const {
    auto lines = view_.errors();
    for (const auto& follower : followers_)
        if (!follower->trouble().empty()) lines.push_back(follower->name() + ": " + follower->trouble());
    return lines;
}

std::string ApiFollower::trouble() const {
    std::string waited_for;
    std::string reason;
    for (const auto& follower : followers_) {
        if (follower->listed()) continue;
        waited_for += (waited_for.empty() ? "" : ", ") + follower->name();
        if (reason.empty()) reason = follower->trouble();
    }
    if (waited_for.empty()) return {};
    return "the Kubernetes API has not told yet: " + waited_for + (reason.empty() ? "" : " (" + reason + ")");
}

} // namespace agent::kubernetes
