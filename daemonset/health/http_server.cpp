#include "daemonset/health/http_server.h"

#include "daemonset/base/log.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <exception>

namespace agent {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr std::chrono::seconds kIdleTimeout{60};
constexpr std::uint64_t kMaxBodyBytes = 4096; // no page takes a body

asio::ip::address boost_address(const ipam::IpAddress& address) { return asio::ip::make_address(address.text()); }

http::response<http::string_body> response_to(const http::request<http::string_body>& request, HttpAnswer answer) {
    http::response<http::string_body> response(static_cast<http::status>(answer.status), request.version());
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(request.keep_alive());
    const auto size = answer.body.size();
    if (request.method() != http::verb::head) response.body() = std::move(answer.body);
    response.content_length(size);
    return response;
}

} // namespace

outcome::Result<void> HttpServer::start(const HttpAddress& address) {
    const tcp::endpoint endpoint(boost_address(address.address), address.port);
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return outcome::fail("listen on httpAddress " + address.address.text() + " port " +
                             std::to_string(address.port) + ": " + error.message());
    spawn(acceptor_.get_executor(), "accepting HTTP connections", accept());
    return {};
}

void HttpServer::stop() {
    boost::system::error_code ignored; // closing an acceptor that was never opened is not an error
    acceptor_.close(ignored);
}

Task<> HttpServer::accept() {
    while (acceptor_.is_open()) {
        boost::system::error_code error;
        tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
        if (error) {
            log_warning("an HTTP connection was not accepted", {{"reason", error.message()}});
            continue;
        }
        spawn_request(acceptor_.get_executor(), "an HTTP request", talk(std::move(socket)));
    }
}

Task<> HttpServer::talk(tcp::socket socket) {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    bool keep_alive = true;
    while (keep_alive) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(kMaxBodyBytes);
        boost::system::error_code error;
        stream.expires_after(kIdleTimeout);
        co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return; // the client is gone or does not speak HTTP
        const auto& request = parser.get();
        HttpAnswer page;
        if (request.method() == http::verb::get || request.method() == http::verb::head)
            page = co_await answer(std::string(request.target()));
        else
            page = HttpAnswer{405, "text/plain; charset=utf-8", "only GET and HEAD are served here\n"};
        auto response = response_to(request, std::move(page));
        keep_alive = response.keep_alive();
        stream.expires_after(kIdleTimeout);
        co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
    }
    boost::system::error_code ignored; // the peer may have closed first
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

Task<HttpAnswer> HttpServer::answer(std::string target) {
    const auto page = pages_.find(target.substr(0, target.find('?')));
    if (page != pages_.end()) {
        std::string failure;
        try {
            co_return co_await page->second();
        } catch (const std::exception& thrown) {
            failure = thrown.what();
        }
        log_error("internal error in a page: please file a bug", {{"page", page->first}, {"reason", failure}});
        co_return HttpAnswer{500, "text/plain; charset=utf-8", "the agent failed: " + failure + "\n"};
    }
    std::string list;
    for (const auto& [path, ignored] : pages_) list += path + "\n";
    co_return HttpAnswer{404, "text/plain; charset=utf-8", "no such page; the pages are\n" + list};
}

} // namespace agent
