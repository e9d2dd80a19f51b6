#include "ovs-cni/netlink/change_monitor.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ovs_cni::netlink {

Result<ChangeMonitor> ChangeMonitor::open() {
    posix::Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (!socket.valid()) return fail(std::string("cannot open a socket for link changes: ") + std::strerror(errno));
    sockaddr_nl groups{};
    groups.nl_family = AF_NETLINK;
    groups.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&groups), sizeof groups) != 0)
        return fail(std::string("cannot subscribe to link changes: ") + std::strerror(errno));
    return ChangeMonitor(std::move(socket));
}

bool ChangeMonitor::drain() {
    std::array<char, 16384> buffer{};
    bool changed = false;
    for (;;) {
        const auto size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == ENOBUFS) {
            changed = true;
            continue;
        }
        if (size <= 0) return changed;
        changed = true;
    }
}

} // namespace ovs_cni::netlink
