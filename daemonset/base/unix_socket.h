// A connection to a unix socket that does not block.
#pragma once

#include "daemonset/base/task.h"

#include "outcome/result.h"

#include <boost/asio/local/stream_protocol.hpp>

#include <string>

namespace agent {

using UnixSocket = boost::asio::local::stream_protocol::socket;

/// Connects, and makes the socket non-blocking. Errors: the reason, followed by `hint` where nobody answers at `path`.
[[nodiscard]] Task<outcome::Result<void>> connect_to(UnixSocket& socket, std::string path, std::string hint);

} // namespace agent
