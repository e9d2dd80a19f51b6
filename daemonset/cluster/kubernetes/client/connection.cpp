#include "daemonset/cluster/kubernetes/client/connection.h"

#include "daemonset/base/wakeup.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <vector>

namespace agent::kubernetes {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using outcome::fail;
using outcome::Result;

/// A peer that sends nothing for this long, not even acknowledgements, is dead.
constexpr int kUnacknowledgedMs = 5000;
/// After this many seconds without traffic the peer is probed, and again every kProbeSeconds.
constexpr int kIdleSeconds = 15;
constexpr int kProbeSeconds = 2;

void notice_dead_peers(tcp::socket& socket) {
    constexpr int on = 1;
    const auto set = [&](int level, int option, int value) {
        // Without these options a dead peer is noticed later, by our own deadlines.
        static_cast<void>(::setsockopt(socket.native_handle(), level, option, &value, sizeof value));
    };
    set(SOL_SOCKET, SO_KEEPALIVE, on);
    set(IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
    set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeSeconds);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
    set(IPPROTO_TCP, TCP_NODELAY, on);
}

/// A look-up that can be abandoned: getaddrinfo cannot be cancelled.
struct Lookup {
    explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}

    tcp::resolver resolver;
    Wakeup done;
    std::optional<boost::system::error_code> error;
    std::vector<tcp::endpoint> found;
};

Task<Result<std::vector<tcp::endpoint>>> look_up(const asio::any_io_executor& executor, ServerUrl server,
                                                 TimePoint deadline) {
    boost::system::error_code no_address;
    const auto address = asio::ip::make_address(server.host, no_address);
    if (!no_address) co_return std::vector<tcp::endpoint>{tcp::endpoint(address, server.port)};
    const auto lookup = std::make_shared<Lookup>(executor);
    lookup->resolver.async_resolve(
        server.host, std::to_string(server.port),
        [lookup](const boost::system::error_code& error, const tcp::resolver::results_type& results) {
            lookup->error = error;
            for (const auto& result : results) lookup->found.push_back(result.endpoint());
            lookup->done.notify_all();
        });
    co_await lookup->done.wait_until(deadline);
    if (!lookup->error) co_return fail("look up the address of " + server.host + ": no answer in time");
    if (*lookup->error) co_return fail("look up the address of " + server.host + ": " + lookup->error->message());
    co_return std::move(lookup->found);
}

std::string describe(const boost::system::error_code& error, Connection::Duration patience) {
    if (error != beast::error::timeout) return error.message();
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
    return "no progress for " + std::to_string(waited.count()) + " ms";
}

} // namespace

Connection::Connection(const asio::any_io_executor& executor, Endpoint endpoint)
    : endpoint_(std::move(endpoint)), stream_(executor) {}

Task<Result<void>> Connection::open(Duration patience) {
    const auto deadline = after(patience);
    const std::string attempt = "connect to API server " + server().text() + ": ";
    auto addresses = co_await look_up(stream_.get_executor(), server(), deadline);
    if (!addresses) co_return fail(attempt + addresses.error().message);
    boost::system::error_code error;
    stream_.expires_at(deadline);
    co_await stream_.async_connect(*addresses, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail(attempt + describe(error, patience));
    notice_dead_peers(stream_.socket());
    if (!server().tls) co_return Result<void>{};
    auto shaken = co_await shake_hands();
    if (!shaken) co_return fail(attempt + shaken.error().message);
    co_return Result<void>{};
}

Task<Result<void>> Connection::shake_hands() {
    tls_.emplace(stream_, *endpoint_.tls);
    const auto& name = endpoint_.server_name;
    boost::system::error_code is_name;
    const auto ignored = asio::ip::make_address(name, is_name);
    static_cast<void>(ignored);
    // Source: RFC 6066, section 3: the requested name is never an address.
    if (is_name) SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str());
    if (endpoint_.verify) tls_->set_verify_callback(asio::ssl::host_name_verification(name));
    boost::system::error_code error;
    co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return Result<void>{};
    const auto verified = SSL_get_verify_result(tls_->native_handle());
    if (endpoint_.verify && verified != X509_V_OK)
        co_return fail(
            "its certificate is rejected: " + std::string(X509_verify_cert_error_string(verified)) +
            " (the certificate authority of the kubeconfig or service account must be the one that signed it, "
            "and the certificate must carry the name " +
            name + ")");
    co_return fail("TLS: " + error.message());
}

Task<Result<void>> Connection::write(std::string_view bytes, Duration patience) {
    boost::system::error_code error;
    stream_.expires_after(patience);
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    if (tls_)
        co_await asio::async_write(*tls_, buffer, asio::redirect_error(asio::use_awaitable, error));
    else
        co_await asio::async_write(stream_, buffer, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail("write to API server " + server().text() + ": " + describe(error, patience));
    co_return Result<void>{};
}

Task<Result<std::size_t>> Connection::read(std::span<char> into, Duration patience) {
    boost::system::error_code error;
    std::size_t bytes = 0;
    stream_.expires_after(patience);
    const auto buffer = asio::buffer(into.data(), into.size());
    if (tls_)
        bytes = co_await tls_->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    else
        bytes = co_await stream_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    // The framing of the answer tells whether it was complete without the end of TLS.
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) co_return std::size_t{0};
    if (error) co_return fail("read from API server " + server().text() + ": " + describe(error, patience));
    co_return bytes;
}

} // namespace agent::kubernetes
