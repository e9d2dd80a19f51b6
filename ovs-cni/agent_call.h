// One request to the agent over its unix socket, with a deadline.
//
//   AgentCall::send(request) ──► the plugin may do something else meanwhile ──► answer()
#pragma once

#include "ovs-cni/protocol/agent_protocol.h"
#include "ovs-cni/protocol/cni_error.h"
#include "posix/descriptor.h"

#include <chrono>
#include <string>
#include <utility>

namespace ovs_cni {

class AgentCall {
  public:
    /// Connects and sends the whole request; `timeout` runs from here to the end of the answer.
    /// Errors: kTryAgain when no agent listens at `socket_path`, or the agent does not accept the
    /// request. In both cases the agent has seen nothing of it.
    [[nodiscard]] static CniResult<AgentCall> send(const std::string& socket_path, const Request& request,
                                                   std::chrono::milliseconds timeout);

    /// Waits for the line of the agent's answer. SIGTERM and SIGINT, which the plugin otherwise
    /// blocks, are delivered while it waits. Errors: kTryAgain for the deadline or a signal, kIo
    /// for a broken connection. After each of them the agent may or may not have served the
    /// request.
    [[nodiscard]] CniResult<std::string> answer();

  private:
    AgentCall(posix::Descriptor socket, std::chrono::steady_clock::time_point deadline)
        : socket_(std::move(socket)), deadline_(deadline) {}

    posix::Descriptor socket_;
    std::chrono::steady_clock::time_point deadline_;
};

/// Blocks SIGTERM and SIGINT, so that they end the plugin only while it waits for the agent, where
/// it can undo its work. Ignores SIGPIPE. Called once, at the start.
void defer_termination();

/// Sends a request and reads its answer. Errors: those of AgentCall, kDecode, or the agent's own.
template <typename Answer> [[nodiscard]] CniResult<Answer>
ask_agent(const std::string& socket_path, const Request& request, std::chrono::milliseconds timeout) {
    ASSIGN_OR_RETURN(auto call, AgentCall::send(socket_path, request, timeout));
    ASSIGN_OR_RETURN(const auto line, call.answer());
    return decode_response<Answer>(line);
}

} // namespace ovs_cni
