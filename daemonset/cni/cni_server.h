// The unix socket for the CNI plugin.
//
//   plugin ── one line: Request ──► CniVerbs::answer ──► one line: Response ──► plugin
//                                                            └─ plugin disconnected: an ADD is undone
//
// Connections are served concurrently. Only root may connect, because a client of this socket can
// attach anything.
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

    /// Listens at `path`, readable and writable for the owner only; a socket left by a dead agent
    /// is replaced.
    /// Errors: another agent listens there, or the folder cannot be made.
    [[nodiscard]] outcome::Result<void> start(const std::filesystem::path& path);
    /// Stops listening and removes the socket; requests in flight continue.
    void stop();
    [[nodiscard]] std::size_t requests_under_way() const { return under_way_; }

  private:
    using Socket = boost::asio::local::stream_protocol::socket;

    Task<> accept();
    Task<> serve(Socket accepted);
    /// The bytes until the end of the line, the end of the connection, or the deadline.
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

/// Whether a process listens on this unix socket.
[[nodiscard]] bool somebody_listens(const std::filesystem::path& path);

} // namespace agent
