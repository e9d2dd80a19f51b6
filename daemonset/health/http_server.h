// The agent's pages over HTTP: metrics, health and debugging. Read-only, on a local address.
//
//   GET /path ──► page of that path (a coroutine) ──► HttpAnswer
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/node/node_configuration.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <map>
#include <string>

namespace agent {

struct HttpAnswer {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

using HttpPage = std::function<Task<HttpAnswer>()>;

/// Owns the listening socket. Must outlive the io_context's run.
class HttpServer {
  public:
    explicit HttpServer(boost::asio::io_context& context) : acceptor_(context) {}

    /// Answers GET and HEAD of `path` with the result of `page`.
    void serve(std::string path, HttpPage page) { pages_[std::move(path)] = std::move(page); }
    /// Listens and starts answering. Errors: the address is in use or is not one of this host's.
    [[nodiscard]] outcome::Result<void> start(const HttpAddress& address);
    /// The listening port, which differs from the configured one when that is 0.
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    void stop();

  private:
    Task<> accept();
    Task<> talk(boost::asio::ip::tcp::socket socket);
    Task<HttpAnswer> answer(std::string target);

    boost::asio::ip::tcp::acceptor acceptor_;
    std::map<std::string, HttpPage> pages_;
};

} // namespace agent
