#include "daemonset/cluster/kubernetes/api_follower.h"

#include "daemonset/base/log.h"
#include "words/list.h"

#include <algorithm>

namespace agent::kubernetes {

namespace asio = boost::asio;

ApiFollower::ApiFollower(const asio::any_io_executor& executor, NodeState& node, ClusterSource::Listener& listener,
                         ReadAccess read, Timing timing)
    : node_(node), listener_(listener), servers_(executor, std::move(read), timing),
      view_(node.configuration.node, node.configuration.service_cidrs), condition_(servers_, node.configuration.node) {
    ResourceFollower::Listener& listener_of_resources = *this;
    for (auto& source : view_.sources())
        followers_.push_back(std::make_unique<ResourceFollower>(servers_, std::move(source.resource), source.sink,
                                                                listener_of_resources));
}

Task<> ApiFollower::run() {
    for (const auto& follower : followers_)
        spawn(servers_.executor(), "following " + follower->name(), follower->run());
    spawn(servers_.executor(), "the node's condition", condition_.run());
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
        node_.cluster = view_.state();
        log_info("cluster changed", {{"objects", changes.text()}});
        listener_.cluster_changed({.nodes = first || changes.nodes});
    }
    condition_.seen(view_.own_node()); // last, so that the change has updated the report
}

outcome::Result<void> ApiFollower::rescan() {
    if (auto reason = last_error(); !reason.empty()) return outcome::fail(std::move(reason));
    return {};
}

std::vector<std::string> ApiFollower::errors() const {
    auto lines = view_.errors();
    for (const auto& follower : followers_)
        if (!follower->last_error().empty()) lines.push_back(follower->name() + ": " + follower->last_error());
    return lines;
}

std::string ApiFollower::last_error() const {
    std::vector<std::string> waited_for;
    std::string reason;
    for (const auto& follower : followers_) {
        if (follower->listed()) continue;
        waited_for.push_back(follower->name());
        if (reason.empty()) reason = follower->last_error();
    }
    if (waited_for.empty()) return {};
    return "not received from the Kubernetes API yet: " + words::join(waited_for) +
           (reason.empty() ? "" : " (" + reason + ")");
}

} // namespace agent::kubernetes
