#include "tools/cluster_lab/responder/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace responder {
namespace {

constexpr int kBacklog = 1024;
constexpr int kOn = 1;
constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;

bool family_is_missing(int error) { return error == EAFNOSUPPORT || error == EADDRNOTAVAIL; }

bool protocol_is_missing(int error) { return error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT; }

void set_option(int fd, int level, int option, int value = kOn) { setsockopt(fd, level, option, &value, sizeof value); }

/// Peers that are cut off by policy never close their connections: keep-alive finds them, so that
/// the connections do not pile up.
void set_options(int fd, const PortRequest& port, int family, Sharing sharing) {
    set_option(fd, SOL_SOCKET, SO_REUSEADDR);
    if (sharing == Sharing::Shared) set_option(fd, SOL_SOCKET, SO_REUSEPORT);
    if (family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (port.transport == Transport::UDP) {
        if (family == AF_INET) set_option(fd, IPPROTO_IP, IP_PKTINFO);
        if (family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
    }
    if (port.transport == Transport::TCP) {
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
        set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
        set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 20);
        set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 6);
    }
}

int bind_to_any(int fd, int family, std::uint16_t number) {
    if (family == AF_INET) {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_port = htons(number);
        return bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any);
    }
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(number);
    return bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any);
}

int socket_for(Transport transport, int family) {
    switch (transport) {
    case Transport::TCP:
        return socket(family, SOCK_STREAM | kFlags, IPPROTO_TCP);
    case Transport::UDP:
        return socket(family, SOCK_DGRAM | kFlags, IPPROTO_UDP);
    case Transport::SCTP:
        return socket(family, SOCK_STREAM | kFlags, IPPROTO_SCTP);
    }
    return -1;
}

} // namespace

outcome::Result<PortRequest> PortRequest::parse(std::string_view text) {
    PortRequest port{.text = std::string(text)};
    const auto slash = text.find('/');
    const std::string_view digits = text.substr(0, slash);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port.number);
    const std::string_view name = slash == std::string_view::npos ? "" : text.substr(slash + 1);
    const bool number_is_fine = error == std::errc{} && end == digits.data() + digits.size() && port.number != 0;
    if (name == "udp") port.transport = Transport::UDP;
    if (name == "sctp") port.transport = Transport::SCTP;
    if (!number_is_fine || (name != "tcp" && name != "udp" && name != "sctp")) {
        return outcome::fail("'" + port.text + "' is not a port: write NUMBER/tcp, NUMBER/udp or NUMBER/sctp");
    }
    return port;
}

outcome::Result<std::vector<Listener>> listen_on(const PortRequest& port, Sharing sharing) {
    std::vector<Listener> listeners;
    for (const int family : {AF_INET, AF_INET6}) {
        posix::Descriptor socket(socket_for(port.transport, family));
        if (!socket.valid() && (family_is_missing(errno) || protocol_is_missing(errno))) continue;
        if (!socket.valid()) return outcome::fail("socket for " + port.text + ": " + std::strerror(errno));
        set_options(socket.get(), port, family, sharing);
        if (bind_to_any(socket.get(), family, port.number) < 0) {
            if (family_is_missing(errno)) continue;
            return outcome::fail("bind to " + port.text + ": " + std::strerror(errno));
        }
        const bool datagrams = port.transport == Transport::UDP;
        if (!datagrams && listen(socket.get(), kBacklog) < 0) {
            return outcome::fail("listen on " + port.text + ": " + std::strerror(errno));
        }
        listeners.push_back({.socket = std::move(socket), .datagrams = datagrams});
    }
    return listeners;
}

} // namespace responder
