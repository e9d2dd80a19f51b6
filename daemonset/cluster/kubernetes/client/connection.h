// One connection to an API server, TCP or TLS, with a deadline for everything.
//
//   open(server) ──► look up the name, connect, verify ──► write(bytes) / read(bytes)
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/base/server_url.h"
#include "outcome/result.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace agent::kubernetes {

/// How to talk to a server.
struct Endpoint {
    ServerUrl url;
    std::shared_ptr<boost::asio::ssl::context> tls; ///< ignored with http
    bool verify = true;
    std::string server_name; ///< that the certificate must carry
};

class Connection {
  public:
    using Duration = std::chrono::steady_clock::duration;

    Connection(const boost::asio::any_io_executor& executor, Endpoint endpoint);

    /// Everything until requests can be sent, within `patience`. Errors: unknown name, refused,
    /// timed out, TLS.
    [[nodiscard]] Task<outcome::Result<void>> open(Duration patience);
    /// Writes all of `bytes`, which must stay valid until then.
    [[nodiscard]] Task<outcome::Result<void>> write(std::string_view bytes, Duration patience);
    /// The bytes of one read, at least one; 0 when the server has closed the connection.
    [[nodiscard]] Task<outcome::Result<std::size_t>> read(std::span<char> into, Duration patience);

    [[nodiscard]] const ServerUrl& server() const { return endpoint_.url; }

  private:
    using Tls = boost::asio::ssl::stream<boost::beast::tcp_stream&>;

    [[nodiscard]] Task<outcome::Result<void>> shake_hands();

    Endpoint endpoint_;
    boost::beast::tcp_stream stream_;
    std::optional<Tls> tls_; ///< absent with http
};

} // namespace agent::kubernetes
