// A whole node for one test: a network namespace, an underlay, Open vSwitch with the userspace
// datapath, a directory of manifests and the agent, all of which disappear with it.
#pragma once

#include "ovs-cni/protocol/agent_protocol.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// A process that dies with this object, or with the test.
class Process {
  public:
    Process(std::vector<std::string> arguments, const std::filesystem::path& log,
            const std::map<std::string, std::string>& environment = {});
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    /// Terminates it, waits for its exit and returns its exit code; -1 when a signal ended it.
    int terminate();
    /// Kills it.
    void kill();
    [[nodiscard]] int pid() const { return pid_; }

  private:
    int wait();
    int pid_ = 0;
};

struct HttpReply {
    int status = 0; ///< 0 without a listener
    std::string body;
};

class Node {
  public:
    static constexpr std::chrono::seconds kPatience{20};

    /// The calling thread moves into a new network namespace. `configuration`: further lines of the
    /// agent's.
    explicit Node(std::string configuration = {});
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Further lines of the agent's configuration, for its next start.
    void configure(const std::string& lines) const;
    void start_ovsdb();
    void start_vswitchd();
    void stop_ovsdb() { ovsdb_.reset(); }
    void stop_vswitchd() { vswitchd_.reset(); }
    /// Starts the agent and returns at once.
    void start_agent();
    /// Starts it and waits until it is ready.
    void start_ready_agent();
    /// Stops it like an administrator; returns its exit code.
    int stop_agent();
    void kill_agent();
    [[nodiscard]] int agent_pid() const { return agent_->pid(); }

    /// Writes a manifest like an editor: a temporary file, then renamed.
    void write(const std::string& name, const std::string& text) const;
    void remove(const std::string& name) const;
    /// A pod of namespace "shop" on this node, with the uid "uid-NAME".
    void write_pod(const std::string& name) const;
    /// A host interface as the plugin creates it before ADD.
    void make_interface(const std::string& name);

    /// GET from the agent.
    [[nodiscard]] HttpReply get(const std::string& path) const;
    [[nodiscard]] nlohmann::json debug() const;
    /// One value of /metrics, by its name with labels; -1 when it is absent.
    [[nodiscard]] double metric(const std::string& name) const;
    [[nodiscard]] std::string log() const;

    /// A request as the plugin sends it; a connection that ends without an answer is the error kIo.
    template <typename Answer> [[nodiscard]] ovs_cni::CniResult<Answer> call(const ovs_cni::Request& request) const {
        return ovs_cni::decode_response<Answer>(exchange(ovs_cni::encode_request(request)));
    }
    /// A connected socket, after sending `line`.
    [[nodiscard]] int send(const std::string& line) const;
    /// ADD of pod shop/NAME, container "container-NAME", on the host interface "h-NAME".
    [[nodiscard]] ovs_cni::AddRequest add_request(const std::string& name) const;
    [[nodiscard]] ovs_cni::CniResult<ovs_cni::AddResponse> add(const std::string& name) const;
    [[nodiscard]] ovs_cni::CniResult<ovs_cni::DelResponse> del(const std::string& name) const;
    [[nodiscard]] ovs_cni::CniResult<ovs_cni::CheckResponse> check(const std::string& name) const;

    /// The output of a shell command, which may change the node; a failing command throws.
    std::string command(const std::string& line);
    std::string vsctl(const std::string& arguments);
    std::string ofctl(const std::string& verb, const std::string& arguments = {});
    [[nodiscard]] std::vector<std::string> flows(const std::string& filter = {});

    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  private:
    [[nodiscard]] std::string exchange(const std::string& line) const;
    [[nodiscard]] std::map<std::string, std::string> environment() const;

    std::filesystem::path folder_;
    std::unique_ptr<Process> ovsdb_, vswitchd_, agent_;
};

/// Checks repeatedly until `holds`, and returns whether it did within Node::kPatience.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

} // namespace agent
