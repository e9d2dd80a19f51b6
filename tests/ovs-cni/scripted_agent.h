// An agent with scripted answers to the plugin, which records the requests.
#pragma once

#include "ovs-cni/protocol/agent_protocol.h"

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ovs_cni {

class ScriptedAgent {
  public:
    /// The bytes that go back for a request; none at all closes the connection.
    using Script = std::function<std::string(const Request&)>;

    ScriptedAgent();
    explicit ScriptedAgent(Script script);
    ScriptedAgent(const ScriptedAgent&) = delete;
    ScriptedAgent& operator=(const ScriptedAgent&) = delete;
    ~ScriptedAgent();

    /// Changes the answers from now on.
    void answer(Script script);
    /// From now on accepts requests without answering them until `stop`.
    void hang();
    /// Stops listening; the socket file stays, as after a killed agent.
    void stop();

    [[nodiscard]] std::string socket() const { return (folder_ / "agent.sock").string(); }
    [[nodiscard]] std::vector<Request> requests();
    /// How many requests of this kind arrived.
    template <typename Kind> [[nodiscard]] int count() {
        int found = 0;
        for (const auto& request : requests()) found += std::holds_alternative<Kind>(request) ? 1 : 0;
        return found;
    }
    /// Waits until `number` requests have arrived; false after 10 s.
    [[nodiscard]] bool wait_for_requests(std::size_t number);

  private:
    void serve();
    void serve_one(int connection);

    std::filesystem::path folder_;
    int listener_ = -1;
    std::mutex mutex_; ///< for the members below, shared by the threads of test and agent
    std::condition_variable changed_;
    Script script_;
    bool hanging_ = false;
    bool stopped_ = false;
    std::vector<Request> requests_;
    std::vector<std::jthread> connections_;
    std::thread thread_;
};

/// Answers like an agent without failures: addresses of both families, one after the other.
class WorkingAgent {
  public:
    std::string operator()(const Request& request);

    std::vector<ipam::Family> families{ipam::Family::IPv4, ipam::Family::IPv6};
    int mtu = 1430;
    bool checksum_offload = true;

  private:
    Response respond(const AddRequest& request);

    unsigned given_ = 1;
    std::map<AttachmentKey, CheckResponse> records_;
};

} // namespace ovs_cni
