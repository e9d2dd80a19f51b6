// The unix socket that the CNI plugin talks to.
//
//   plugin ── one line: Request ──► answer (a coroutine) ──► one line: Response ──► plugin
//                                                            └─ nobody there any more: an ADD is undone
//
// Connections are served side by side. Only root may connect: who talks to this socket attaches what it likes.
#pragma once

#include <utility> // Boost.Asio 1.81's coroutine headers need it first under g++ 12

#include "daemonset/base/metrics.h"
#include "outcome/result.h"
#include "ovs-cni/protocol/agent_protocol.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace agent {

class CniServer {
  public:
    struct Service {
        std::function<boost::asio::awaitable<ovs_cni::Response>(ovs_cni::Request)> answer;
        std::function<boost::asio::awaitable<void>(ovs_cni::AddRequest)> abandon; ///< its answer reached nobody
    };

    CniServer(boost::asio::io_context& context, Metrics& metrics, Service service)
        : acceptor_(context), metrics_(metrics), service_(std::move(service)) {}

    /// Listens at `path`, readable and writable for the owner only; a socket that a dead agent left there is replaced.
    /// Errors: another agent listens there, or the folder cannot be made.
    [[nodiscard]] outcome::Result<void> start(const std::filesystem::path& path);
    /// Stops listening and removes the socket; requests under way go on.
    void stop();
    [[nodiscard]] std::size_t requests_under_way() const { return under_way_; }

  private:
    using Socket = boost::asio::local::stream_protocol::socket;

    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(Socket accepted);
    /// What came until the end of the line, of the connection, or of patience.
    boost::asio::awaitable<std::string> read_line(std::shared_ptr<Socket> socket);
    void report(const ovs_cni::CniResult<ovs_cni::Request>& request, const ovs_cni::Response& response,
                std::chrono::duration<double> time);
    boost::asio::awaitable<ovs_cni::Response> respond(const ovs_cni::CniResult<ovs_cni::Request>& request);

    boost::asio::local::stream_protocol::acceptor acceptor_;
    Metrics& metrics_;
    Service service_;
    std::filesystem::path path_;
    std::size_t under_way_ = 0;
};

/// Whether a process takes connections on this unix socket.
[[nodiscard]] bool somebody_listens(const std::filesystem::path& path);

} // namespace agent
