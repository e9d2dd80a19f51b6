#include "flowgen/flow/packet_match.h"

namespace flowgen {

using ipam::Family;

Match ip(Family family) { return Match().set(Field::eth_type, family == Family::IPv4 ? 0x0800 : 0x86dd); }

Match ip_from(const Prefix& prefix) {
    const auto field = prefix.family() == Family::IPv4 ? Field::ipv4_src : Field::ipv6_src;
    return ip(prefix.family()).set(field, prefix.address.bits, prefix.mask());
}

Match ip_to(const Prefix& prefix) {
    const auto field = prefix.family() == Family::IPv4 ? Field::ipv4_dst : Field::ipv6_dst;
    return ip(prefix.family()).set(field, prefix.address.bits, prefix.mask());
}

Match transport(Family family, Protocol protocol) {
    return ip(family).set(Field::ip_proto, static_cast<std::uint8_t>(protocol));
}

Match transport_to(Family family, Protocol protocol, const MaskedPort& port) {
    const auto field = protocol == Protocol::TCP   ? Field::tcp_dst
                       : protocol == Protocol::UDP ? Field::udp_dst
                                                   : Field::sctp_dst;
    return transport(family, protocol).set(field, port.value, port.mask);
}

Match icmp(Family family, std::uint8_t type) {
    const bool v4 = family == Family::IPv4;
    return ip(family).set(Field::ip_proto, v4 ? kIcmp : kIcmpv6).set(v4 ? Field::icmp_type : Field::icmpv6_type, type);
}

Match answering(const Match& match) {
    Match out;
    for (const auto& [field, value, mask] : match.fields()) {
        const auto answered = field == Field::tcp_dst    ? Field::tcp_src
                              : field == Field::udp_dst  ? Field::udp_src
                              : field == Field::sctp_dst ? Field::sctp_src
                                                         : field;
        out.set(answered, value, mask);
    }
    return out;
}

} // namespace flowgen
