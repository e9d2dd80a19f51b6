// Tells when links or addresses of this host change, so that nobody has to look again and again.
//
//   kernel ──► ChangeMonitor ──► fd() becomes readable ──► drain() says that something changed
#pragma once

#include "ovs-cni/netlink/socket.h"
#include "posix/descriptor.h"

#include <utility>

namespace ovs_cni::netlink {

class ChangeMonitor {
  public:
    /// Of the calling thread's network namespace.
    [[nodiscard]] static Result<ChangeMonitor> open();

    /// Non-blocking; readable when there is something to drain. Stays owned by this.
    [[nodiscard]] int fd() const { return socket_.get(); }

    /// Takes all that is pending. True when a link came, went, came up, went down or was changed, or an address came or
    /// went; also when the kernel could not queue every change, as then nobody knows what was among them.
    [[nodiscard]] bool drain();

  private:
    explicit ChangeMonitor(posix::Descriptor socket) : socket_(std::move(socket)) {}

    posix::Descriptor socket_;
};

} // namespace ovs_cni::netlink
