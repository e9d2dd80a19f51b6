#include "ovs-cni/netlink/vanishing_link.h"

#include "ovs-cni/netlink/change_monitor.h"
#include "ovs-cni/netlink/link.h"
#include "posix/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ovs_cni::netlink {
namespace {

using outcome::fail;

/// In the child: a reader that waits for the end of the parent's output must not wait for this
/// process.
void let_go_of_standard_streams() {
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (nothing < 0 || dup2(nothing, fd) < 0) close(fd);
    }
}

/// The child's main function: removes the link and writes the reason of a failure, or nothing.
[[noreturn]] void remove_and_exit(Socket& socket, const std::string& name, int report) {
    let_go_of_standard_streams();
    const auto deleted = delete_link(socket, name);
    if (!deleted) {
        const auto& reason = deleted.error().message;
        _exit(write(report, reason.data(), reason.size()) < 0 ? 2 : 1);
    }
    _exit(0);
}

/// The failure that the child reported, if any.
Result<void> outcome(int report) {
    std::array<char, 512> reason{};
    for (;;) {
        const auto size = read(report, reason.data(), reason.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return {};
        return fail(std::string(reason.data(), static_cast<std::size_t>(size)));
    }
}

/// Waits until the link cannot be found any more, or the child has ended.
Result<void> wait_until_gone(Socket& socket, const Link& link, ChangeMonitor& changes, int report) {
    for (;;) {
        std::array<pollfd, 2> waited{{{changes.fd(), POLLIN, 0}, {report, POLLIN, 0}}};
        if (poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR)
            return fail("cannot wait for the removal of " + link.name + ": " + std::strerror(errno));
        if (waited[1].revents != 0) return outcome(report);
        if (waited[0].revents == 0 || !changes.drain()) continue;
        ASSIGN_OR_RETURN(const auto found, find_link(socket, link.index));
        if (!found) return {};
    }
}

} // namespace

Result<void> delete_link_soon(const std::string& name) {
    ASSIGN_OR_RETURN(auto socket, Socket::open());
    ASSIGN_OR_RETURN(const auto link, find_link(socket, name));
    if (!link) return {};
    ASSIGN_OR_RETURN(auto changes, ChangeMonitor::open());
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail("cannot open a pipe: " + std::string(std::strerror(errno)));
    posix::Descriptor report(ends[0]);
    posix::Descriptor childs_report(ends[1]);
    // The child has a socket of its own: on a shared one, each could read the other's answers.
    ASSIGN_OR_RETURN(auto childs_socket, Socket::open());
    const pid_t child = fork();
    if (child < 0) return fail("cannot start a process: " + std::string(std::strerror(errno)));
    if (child == 0) {
        report.close();
        remove_and_exit(childs_socket, name, childs_report.get());
    }
    childs_report.close(); // only the child's copy may stay open, or its end would not be noticed
    return wait_until_gone(socket, *link, changes, report.get());
}

} // namespace ovs_cni::netlink
