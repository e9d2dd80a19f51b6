#include "flowgen/flow/flow.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace flowgen {
namespace {

struct FieldTraits {
    Field field{};
    int width = 0;
    std::string_view name;
};

constexpr std::array<FieldTraits, kFieldCount> kFields{{
    {Field::conj_id, 32, "conj_id"},
    {Field::ct_state, 32, "ct_state"},
    {Field::ct_mark, 32, "ct_mark"},
    {Field::ct_label, 128, "ct_label"},
    {Field::xxreg0, 128, "xxreg0"},
    {Field::xxreg1, 128, "xxreg1"},
    {Field::reg8, 32, "reg8"},
    {Field::reg9, 32, "reg9"},
    {Field::reg10, 32, "reg10"},
    {Field::reg11, 32, "reg11"},
    {Field::reg12, 32, "reg12"},
    {Field::reg13, 32, "reg13"},
    {Field::reg14, 32, "reg14"},
    {Field::reg15, 32, "reg15"},
    {Field::tun_id, 64, "tun_id"},
    {Field::tun_src, 32, "tun_src"},
    {Field::tun_dst, 32, "tun_dst"},
    {Field::tun_ipv6_src, 128, "tun_ipv6_src"},
    {Field::tun_ipv6_dst, 128, "tun_ipv6_dst"},
    {Field::tun_metadata0, 128, "tun_metadata0"},
    {Field::in_port, 32, "in_port"},
    {Field::eth_src, 48, "dl_src"},
    {Field::eth_dst, 48, "dl_dst"},
    {Field::eth_type, 16, "dl_type"},
    {Field::ipv4_src, 32, "nw_src"},
    {Field::ipv4_dst, 32, "nw_dst"},
    {Field::ipv6_src, 128, "ipv6_src"},
    {Field::ipv6_dst, 128, "ipv6_dst"},
    {Field::ip_proto, 8, "nw_proto"},
    {Field::ip_ttl, 8, "nw_ttl"},
    {Field::ip_frag, 8, "ip_frag"},
    {Field::arp_op, 16, "arp_op"},
    {Field::arp_spa, 32, "arp_spa"},
    {Field::arp_tpa, 32, "arp_tpa"},
    {Field::arp_sha, 48, "arp_sha"},
    {Field::arp_tha, 48, "arp_tha"},
    {Field::tcp_src, 16, "tcp_src"},
    {Field::tcp_dst, 16, "tcp_dst"},
    {Field::tcp_flags, 12, "tcp_flags"},
    {Field::udp_src, 16, "udp_src"},
    {Field::udp_dst, 16, "udp_dst"},
    {Field::sctp_src, 16, "sctp_src"},
    {Field::sctp_dst, 16, "sctp_dst"},
    {Field::icmp_type, 8, "icmp_type"},
    {Field::icmp_code, 8, "icmp_code"},
    {Field::icmpv6_type, 8, "icmpv6_type"},
    {Field::icmpv6_code, 8, "icmpv6_code"},
    {Field::nd_target, 128, "nd_target"},
    {Field::nd_sll, 48, "nd_sll"},
    {Field::nd_tll, 48, "nd_tll"},
    {Field::nd_reserved, 32, "nd_reserved"},
    {Field::nd_options_type, 8, "nd_options_type"},
}};

constexpr bool in_enum_order() {
    for (int i = 0; i < kFieldCount; ++i)
        if (static_cast<int>(kFields.at(i).field) != i) return false;
    return true;
}
static_assert(in_enum_order());

const FieldTraits& traits(Field field) { return kFields.at(static_cast<std::size_t>(field)); }

} // namespace

int width(Field field) { return traits(field).width; }

U128 full_mask(Field field) {
    const int bits = width(field);
    return bits == 128 ? ~U128{0} : (U128{1} << bits) - 1;
}

std::string_view name(Field field) { return traits(field).name; }

namespace {

constexpr std::size_t kUsualFields = 4; ///< enough for most matches

} // namespace

Match& Match::set(Field field, U128 value, U128 mask) {
    if (mask == 0) return *this;
    const auto place = std::ranges::lower_bound(fields_, field, {}, &FieldMatch::field);
    if (place != fields_.end() && place->field == field) {
        if ((place->value & mask & place->mask) != (value & mask & place->mask))
            throw std::logic_error("a match on " + std::string(name(field)) + " contradicts an earlier one");
        place->value |= value & mask;
        place->mask |= mask;
    } else if (fields_.empty()) {
        fields_.reserve(kUsualFields);
        fields_.push_back({field, value & mask, mask});
    } else {
        fields_.insert(place, {field, value & mask, mask});
    }
    return *this;
}

Match& Match::merge(const Match& other) {
    for (const auto& [field, value, mask] : other.fields_) set(field, value, mask);
    return *this;
}

const FieldMatch* Match::find(Field field) const {
    const auto place = std::ranges::lower_bound(fields_, field, {}, &FieldMatch::field);
    return place != fields_.end() && place->field == field ? &*place : nullptr;
}

std::strong_ordering FlowKey::operator<=>(const FlowKey& other) const {
    if (const auto order = table <=> other.table; order != 0) return order;
    if (const auto order = other.priority <=> priority; order != 0) return order;
    return match <=> other.match;
}

} // namespace flowgen
