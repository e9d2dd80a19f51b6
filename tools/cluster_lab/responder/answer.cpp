#include "tools/cluster_lab/responder/answer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace responder {
namespace {

std::string address_text(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = address.ss_family == AF_INET
                            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr)
                            : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
    inet_ntop(address.ss_family, bytes, text.data(), text.size());
    return text.data();
}

/// Pod and node names are DNS names, so nothing in them needs escaping in JSON.
std::string line_for(const std::string& name, const sockaddr_storage& source) {
    return R"({"name":")" + name + R"(","source":")" + address_text(source) + "\"}\n";
}

bool watch(int epoll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool out_of_resources(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS; }

/// Accepts pending connections. False without descriptors or memory: then it could never accept
/// again.
bool accept_connections(int epoll, int listener, const std::string& name) {
    while (true) {
        sockaddr_storage source{};
        socklen_t length = sizeof source;
        const int fd = accept4(listener, reinterpret_cast<sockaddr*>(&source), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return !out_of_resources(errno);
        const std::string line = line_for(name, source);
        if (send(fd, line.data(), line.size(), MSG_NOSIGNAL) < 0 || !watch(epoll, fd)) close(fd);
    }
}

/// Echoes the client's bytes; bytes that the client does not read in time are dropped.
void echo(int connection) {
    std::array<char, 4096> buffer{};
    const ssize_t received = recv(connection, buffer.data(), buffer.size(), 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received > 0) {
        const ssize_t sent = send(connection, buffer.data(), static_cast<std::size_t>(received), MSG_NOSIGNAL);
        if (sent >= 0 || errno == EAGAIN) return;
    }
    close(connection);
}

/// Turns the address that a datagram was sent to (IP_PKTINFO) into the source of the answer, also on hosts with several
/// addresses. The interface index must not come along: it would override routing.
void answer_from_same_address(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            auto* where = reinterpret_cast<in_pktinfo*>(CMSG_DATA(part));
            where->ipi_ifindex = 0;
            where->ipi_spec_dst = where->ipi_addr;
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            auto* where = reinterpret_cast<in6_pktinfo*>(CMSG_DATA(part));
            if (!IN6_IS_ADDR_LINKLOCAL(&where->ipi6_addr)) where->ipi6_ifindex = 0;
        }
    }
}

void answer_datagrams(int socket, const std::string& name) {
    while (true) {
        sockaddr_storage source{};
        std::array<char, 2048> payload{};
        alignas(cmsghdr) std::array<char, 128> control{};
        iovec vector{.iov_base = payload.data(), .iov_len = payload.size()};
        msghdr message{};
        message.msg_name = &source;
        message.msg_namelen = sizeof source;
        message.msg_iov = &vector;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (recvmsg(socket, &message, 0) < 0) {
            // An ICMP error for an earlier answer is reported here once; the next datagram follows
            // it.
            if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH || errno == EINTR) continue;
            return;
        }
        answer_from_same_address(message);
        std::string line = line_for(name, source);
        vector = {.iov_base = line.data(), .iov_len = line.size()};
        message.msg_flags = 0;
        sendmsg(socket, &message, MSG_NOSIGNAL);
    }
}

} // namespace

outcome::Error answer(const std::string& name, const std::vector<Listener>& listeners) {
    const posix::Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.valid()) return {std::string("epoll_create1: ") + std::strerror(errno)};
    for (const Listener& listener : listeners) {
        if (!watch(epoll.get(), listener.socket.get())) return {std::string("epoll_ctl: ") + std::strerror(errno)};
    }
    std::array<epoll_event, 64> events{};
    while (true) {
        const int count = epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno != EINTR) return {std::string("epoll_wait: ") + std::strerror(errno)};
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            const Listener* listener = nullptr;
            for (const Listener& candidate : listeners) {
                if (candidate.socket.get() == fd) listener = &candidate;
            }
            if (listener == nullptr)
                echo(fd);
            else if (listener->datagrams)
                answer_datagrams(fd, name);
            else if (!accept_connections(epoll.get(), fd, name)) {
                return {std::string("accept: ") + std::strerror(errno)};
            }
        }
    }
}

} // namespace responder
