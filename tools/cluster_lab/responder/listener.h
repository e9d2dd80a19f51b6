// The sockets that a responder answers on: one per port, protocol and family.
//
//   "8080/tcp" ──► PortRequest ──► listen_on ──► Listener (0.0.0.0:8080), Listener ([::]:8080)
#pragma once

#include "outcome/result.h"
#include "posix/descriptor.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace responder {

enum class Transport : std::uint8_t { TCP, UDP, SCTP };

/// One port to answer on, in both families.
struct PortRequest {
    std::uint16_t number = 0;
    Transport transport = Transport::TCP;
    std::string text; ///< as on the command line

    /// From "NUMBER/tcp", "NUMBER/udp" or "NUMBER/sctp".
    [[nodiscard]] static outcome::Result<PortRequest> parse(std::string_view text);
};

struct Listener {
    posix::Descriptor socket;
    bool datagrams = false; ///< UDP: answers each datagram; otherwise accepts connections
};

/// Whether other processes of the same network namespace may listen on the same port: pods on the host's network do.
enum class Sharing : std::uint8_t { Alone, Shared };

/// The listening sockets for `port`, in each family that the namespace has. None when the kernel
/// lacks the protocol (SCTP); an error when the port is in use.
[[nodiscard]] outcome::Result<std::vector<Listener>> listen_on(const PortRequest& port, Sharing sharing);

} // namespace responder
