#include "daemonset/host/host_follower.h"

#include "daemonset/base/backoff.h"
#include "words/list.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <utility>

namespace agent {
namespace {

namespace asio = boost::asio;
using outcome::Result;

/// Links and addresses change in bursts; those of pods' interfaces are among them.
constexpr std::chrono::milliseconds kLinkBurst{200};
/// How often routes and the nftables table are checked for changes by other components.
constexpr std::chrono::seconds kCheck{30};
constexpr std::chrono::milliseconds kFirstRetry{200};
constexpr std::chrono::milliseconds kLongestRetry{5000};

} // namespace

HostFollower::HostFollower(asio::any_io_executor executor, NodeState& node, Listener& listener)
    : executor_(executor), node_(node), listener_(listener), changed_(std::move(executor)) {}

Result<void> HostFollower::start() {
    ASSIGN_OR_RETURN(auto network, HostNetwork::open());
    network_.emplace(std::move(network));
    ASSIGN_OR_RETURN(auto changes, ovs_cni::netlink::ChangeMonitor::open());
    link_changes_.emplace(std::move(changes));
    spawn(executor_, "following the host's network", follow());
    spawn(executor_, "watching links", watch_links());
    return {};
}

std::uint64_t HostFollower::refresh() {
    ++wanted_;
    changed_.notify_all();
    return wanted_;
}

Task<bool> HostFollower::looked_at(std::uint64_t number, TimePoint deadline) {
    while (done_ < number) {
        const bool notified = co_await changed_.wait_until(deadline);
        if (!notified && done_ < number) co_return false;
    }
    co_return true;
}

Result<void> HostFollower::enforce(const flowgen::HostPolicy& policy) {
    return network_->enforce(policy, node_.configuration, *node_.cluster, *node_.host);
}

Task<> HostFollower::follow() {
    Backoff backoff(kFirstRetry, kLongestRetry);
    bool look_for_foreign_changes = false;
    while (true) {
        const auto wanted = wanted_;
        const auto done = bring_in_line(look_for_foreign_changes);
        if (done) {
            failure_.recovered();
            backoff.reset();
            if (node_.bridge_ready) done_ = wanted;
        } else {
            failure_.failed(done.error().message);
        }
        changed_.notify_all();
        listener_.host_looked_at();
        const auto deadline = done ? after(kCheck) : after(backoff.pause());
        look_for_foreign_changes = !co_await changed_.wait_until(deadline) && done;
    }
}

Result<void> HostFollower::bring_in_line(bool look_for_foreign_changes) {
    if (!node_.cluster) return {};
    ASSIGN_OR_RETURN(auto view, network_->view(node_.configuration, *node_.cluster));
    if (node_.host != view) {
        log_info("host network read", {{"tunnel_address", view.underlay.address.text()},
                                       {"underlay", view.underlay.link},
                                       {"underlay_mtu", view.underlay.mtu},
                                       {"pod_mtu", view.mtu},
                                       {"addresses", view.addresses.size()}});
        node_.host = std::move(view);
        listener_.host_changed();
    }
    if (!node_.bridge_ready) return {};
    ASSIGN_OR_RETURN(const auto changes, network_->apply(node_.configuration, *node_.cluster, *node_.host));
    if (!changes.empty()) log_info("host network configured", {{"changes", words::join(changes)}});
    if (!look_for_foreign_changes) return {};
    ASSIGN_OR_RETURN(const auto repaired, network_->repair_rules());
    if (repaired) log_warning("nftables table changed by another component, restored", {{"table", kHostRulesTable}});
    return {};
}

Task<> HostFollower::watch_links() {
    // Its own descriptor, because the monitor closes the one that it has.
    asio::posix::stream_descriptor readable(executor_, dup(link_changes_->fd()));
    while (true) {
        boost::system::error_code error;
        co_await readable.async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            log_error("link changes are no longer reported, polling instead",
                      {{"every_seconds", kCheck.count()}, {"reason", error.message()}});
            co_return;
        }
        co_await sleep_until(after(kLinkBurst));
        if (link_changes_->drain()) refresh();
    }
}

} // namespace agent
