// Reports changes of this host's links and addresses, so that no component has to poll for them.
//
//   kernel ──► ChangeMonitor ──► fd() becomes readable ──► drain(): did something change?
#pragma once

#include "ovs-cni/netlink/socket.h"
#include "posix/descriptor.h"

#include <utility>

namespace ovs_cni::netlink {

class ChangeMonitor {
  public:
    /// Of the calling thread's network namespace.
    [[nodiscard]] static Result<ChangeMonitor> open();

    /// Non-blocking; readable when there is something to drain. This object keeps owning it.
    [[nodiscard]] int fd() const { return socket_.get(); }

    /// Reads everything that is pending. True when a link was added, removed, raised, lowered or
    /// changed, or an address was added or removed. Also true when the kernel could not queue every
    /// change, because the lost ones are unknown.
    [[nodiscard]] bool drain();

  private:
    explicit ChangeMonitor(posix::Descriptor socket) : socket_(std::move(socket)) {}

    posix::Descriptor socket_;
};

} // namespace ovs_cni::netlink
