#include "daemonset/base/unix_socket.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/un.h>

namespace agent {

using outcome::fail;
using outcome::Result;

Task<Result<void>> connect_to(UnixSocket& socket, std::string path, std::string hint) {
    if (path.size() >= sizeof(sockaddr_un::sun_path)) co_return fail("the path is too long for a socket");
    boost::system::error_code error;
    const boost::asio::local::stream_protocol::endpoint endpoint(path);
    co_await socket.async_connect(endpoint, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) co_return fail(error.message() + hint);
    error = socket.non_blocking(true, error);
    if (error) co_return fail(error.message());
    co_return Result<void>{};
}

} // namespace agent
