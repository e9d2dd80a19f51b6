// The unix socket that the CNI plugin talks to.
//
//   plugin ── one line: Request ──► CniVerbs::answer ──► one line: Response ──► plugin
//                                                            └─ nobody there any more: an ADD is undone
//
// Connections are served side by side. Only root may connect: who talks to this socket attaches what it likes.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/base/metrics.h"
#include "daemonset/cni/cni_verbs.h"
#include "outcome/result.h"
#include "ovs-cni/protocol/agent_protocol.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace agent {

class CniServer {
  public:
    CniServer(boost::asio::io_context& context, Metrics& metrics, CniVerbs& verbs)
        : acceptor_(context), metrics_(metrics), verbs_(verbs) {}

    /// Listens at `path`, readable and writable for the owner only; a socket that a dead agent left there is replaced.
    /// Errors: another agent listens there, or the folder cannot be made.
    [[nodiscard]] outcome::Result<void> start(const std::filesystem::path& path);
    /// Stops listening and removes the socket; requests under way go on.
    void stop();
    [[nodiscard]] std::size_t requests_under_way() const { return under_way_; }

  private:
    using Socket = boost::asio::local::stream_protocol::socket;

    Task<> accept();
    Task<> serve(Socket accepted);
    /// What came until the end of the line, of the connection, or of patience.
    Task<std::string> read_line(std::shared_ptr<Socket> socket);
    void report(const ovs_cni::CniResult<ovs_cni::Request>& request, const ovs_cni::Response& response,
                std::chrono::duration<double> time);
    Task<ovs_cni::Response> respond(const ovs_cni::CniResult<ovs_cni::Request>& request);

    boost::asio::local::stream_protocol::acceptor acceptor_;
    Metrics& metrics_;
    CniVerbs& verbs_;
    std::filesystem::path path_;
    std::size_t under_way_ = 0;
};

/// Whether a process takes connections on this unix socket.
[[nodiscard]] bool somebody_listens(const std::filesystem::path& path);

} // namespace agent
