// A real Open vSwitch of the test's own: ovsdb-server and ovs-vswitchd with the userspace datapath, in a network
// namespace and a temporary folder that vanish with it.
#pragma once

#include <utility> // before Boost.Asio, which uses std::exchange without including it

#include "daemonset/switch/openflow/openflow_connection.h"
#include "daemonset/switch/ovsdb/switch_database.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace agent {

/// A process that dies with this object, or with the test.
class ChildProcess {
  public:
    ChildProcess(const std::vector<std::string>& arguments, const std::filesystem::path& folder);
    ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
    ChildProcess& operator=(ChildProcess&& other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }
    ~ChildProcess();
    [[nodiscard]] int pid() const { return pid_; }

  private:
    int pid_ = 0;
};

class RealSwitch {
  public:
    RealSwitch();
    RealSwitch(const RealSwitch&) = delete;
    RealSwitch& operator=(const RealSwitch&) = delete;
    ~RealSwitch();

    [[nodiscard]] std::string database_socket() const { return (folder_ / "db.sock").string(); }
    [[nodiscard]] std::string openflow_socket(const std::string& bridge = "br-int") const {
        return (folder_ / (bridge + ".mgmt")).string();
    }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

    /// Kills ovs-vswitchd and starts it again.
    void restart_vswitchd();
    void stop_vswitchd();
    /// The output of a command on both streams; a failing command fails the test. It runs in the
    /// switch's network namespace.
    std::string command(const std::string& text);
    /// `ovs-ofctl -O OpenFlow15 VERB br-int ARGUMENTS`, by another connection than the test's.
    std::string ofctl(const std::string& verb, const std::string& arguments = "");
    /// `ovs-vsctl ARGUMENTS`.
    std::string vsctl(const std::string& arguments);
    /// A pair of network devices in the switch's namespace.
    void add_veth(const std::string& name, const std::string& peer);

  private:
    std::filesystem::path folder_;
    std::optional<ChildProcess> ovsdb_;
    std::optional<ChildProcess> vswitchd_;
};

/// Runs a coroutine to its end. Coroutines that still wait when the loop stops are not resumed.
template <typename T> T run(boost::asio::io_context& loop, boost::asio::awaitable<T> coroutine) {
    auto result = boost::asio::co_spawn(loop, std::move(coroutine), boost::asio::use_future);
    loop.restart();
    while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        if (loop.run_one_for(std::chrono::seconds(40)) == 0) throw std::runtime_error("the coroutine is stuck");
    return result.get();
}

/// The value of a result that must have one.
template <typename T> T must(outcome::Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

} // namespace agent
