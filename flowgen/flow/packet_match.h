// The matches that several tables share, each with its prerequisites.
#pragma once

#include "flowgen/flow/flow.h"
#include "flowgen/flow/masked_port.h"
#include "flowgen/state/cluster_state.h"

namespace flowgen {

inline constexpr std::uint16_t kEthernetArp = 0x0806;
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kIcmpv6 = 58;

[[nodiscard]] Match ip(ipam::Family family);
[[nodiscard]] Match ip_from(const Prefix& prefix);
[[nodiscard]] Match ip_to(const Prefix& prefix);
[[nodiscard]] Match transport(ipam::Family family, Protocol protocol);
/// To this destination port or aligned block of ports.
[[nodiscard]] Match transport_to(ipam::Family family, Protocol protocol, const MaskedPort& port);
/// ICMP or ICMPv6 of this type.
[[nodiscard]] Match icmp(ipam::Family family, std::uint8_t type);

/// The match for replies to packets of `match`, as far as ports go: its destination ports as source
/// ports.
[[nodiscard]] Match answering(const Match& match);

} // namespace flowgen
