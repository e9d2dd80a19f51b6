#include "ovs-cni/agent_call.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace ovs_cni {
namespace {

using std::chrono::steady_clock;

volatile std::sig_atomic_t terminated_by = 0;

extern "C" void remember_signal(int signal) { terminated_by = signal; }

std::string seconds_text(std::chrono::milliseconds timeout) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(timeout).count()) + " s";
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

std::unexpected<CniError> unreachable(const std::string& path, int error) {
    return cni_fail(cni_code::kTryAgain, "the agent cannot be reached at " + path + ": " + std::strerror(error) +
                                             "; is ovs-cni-agent running on this node?");
}

/// Limits connect and send, which block: the backlog of an agent that hangs fills up.
void set_send_timeout(int fd, std::chrono::milliseconds timeout) {
    const timeval limit{timeout.count() / 1000, timeout.count() % 1000 * 1000};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int connect_to(int fd, const std::string& path) {
    const sockaddr_un address = address_of(path);
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

int send_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return 0;
}

/// Waits until there is something to read. Errors: the deadline passed, or a signal arrived.
CniResult<void> wait_readable(int fd, steady_clock::time_point deadline) {
    sigset_t while_waiting;
    sigprocmask(SIG_SETMASK, nullptr, &while_waiting);
    sigdelset(&while_waiting, SIGTERM);
    sigdelset(&while_waiting, SIGINT);
    for (;;) {
        const auto left = std::max(deadline - steady_clock::now(), steady_clock::duration::zero());
        const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
        const timespec limit{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
        pollfd waited{fd, POLLIN, 0};
        const int ready = ppoll(&waited, 1, &limit, &while_waiting);
        if (ready > 0) return {};
        if (ready == 0) return cni_fail(cni_code::kTryAgain, "the agent did not answer in time");
        if (terminated_by != 0)
            return cni_fail(cni_code::kTryAgain,
                            "ended by signal " + std::to_string(int{terminated_by}) + " while waiting for the agent");
        if (errno != EINTR)
            return cni_fail(cni_code::kIo, std::string("cannot wait for the agent: ") + std::strerror(errno));
    }
}

} // namespace

void defer_termination() {
    struct sigaction action{};
    action.sa_handler = remember_signal;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    sigset_t deferred;
    sigemptyset(&deferred);
    sigaddset(&deferred, SIGTERM);
    sigaddset(&deferred, SIGINT);
    sigprocmask(SIG_BLOCK, &deferred, nullptr);
    (void)std::signal(SIGPIPE, SIG_IGN);
}

CniResult<AgentCall> AgentCall::send(const std::string& socket_path, const Request& request,
                                     std::chrono::milliseconds timeout) {
    const auto deadline = steady_clock::now() + timeout;
    posix::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return unreachable(socket_path, errno);
    set_send_timeout(socket.get(), timeout);
    if (const int error = connect_to(socket.get(), socket_path); error != 0) return unreachable(socket_path, error);
    const auto line = encode_request(request);
    if (const int error = send_all(socket.get(), line); error != 0) return unreachable(socket_path, error);
    return AgentCall(std::move(socket), deadline);
}

CniResult<std::string> AgentCall::answer() {
    const auto began = steady_clock::now();
    std::string line;
    std::array<char, 16384> buffer{};
    while (!line.ends_with('\n')) {
        if (const auto ready = wait_readable(socket_.get(), deadline_); !ready) {
            auto error = ready.error();
            error.details =
                "waited " +
                seconds_text(std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began));
            return std::unexpected(std::move(error));
        }
        const auto size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0)
            return cni_fail(cni_code::kIo, std::string("cannot read the agent's answer: ") + std::strerror(errno));
        if (size == 0) return cni_fail(cni_code::kIo, "the agent closed the connection before it answered");
        line.append(buffer.data(), static_cast<std::size_t>(size));
        if (line.size() > kMaxLineBytes) return cni_fail(cni_code::kIo, "the agent's answer is too long");
    }
    return line;
}

} // namespace ovs_cni
