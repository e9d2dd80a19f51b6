// A non-blocking connection to a unix socket.
#pragma once

#include "daemonset/base/task.h"

#include "outcome/result.h"

#include <boost/asio/local/stream_protocol.hpp>

#include <string>

namespace agent {

using UnixSocket = boost::asio::local::stream_protocol::socket;

/// Connects, and makes the socket non-blocking. Errors: the reason, followed by `hint` if `path`
/// has no listener.
[[nodiscard]] Task<outcome::Result<void>> connect_to(UnixSocket& socket, std::string path, std::string hint);

} // namespace agent
