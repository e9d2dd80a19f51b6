#include "daemonset/switch/openflow/field_map.h"

#include "flowgen/flow/pipeline.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace agent {
namespace {

using flowgen::Field;
using flowgen::U128;

struct FieldName {
    Field field{};
    mf_field_id id{};
};

constexpr std::array<FieldName, flowgen::kFieldCount> kNames{{
    {Field::conj_id, MFF_CONJ_ID},
    {Field::ct_state, MFF_CT_STATE},
    {Field::ct_mark, MFF_CT_MARK},
    {Field::ct_label, MFF_CT_LABEL},
    {Field::xxreg0, MFF_XXREG0},
    {Field::xxreg1, MFF_XXREG1},
    {Field::reg8, MFF_REG8},
    {Field::reg9, MFF_REG9},
    {Field::reg10, MFF_REG10},
    {Field::reg11, MFF_REG11},
    {Field::reg12, MFF_REG12},
    {Field::reg13, MFF_REG13},
    {Field::reg14, MFF_REG14},
    {Field::reg15, MFF_REG15},
    {Field::tun_id, MFF_TUN_ID},
    {Field::tun_src, MFF_TUN_SRC},
    {Field::tun_dst, MFF_TUN_DST},
    {Field::tun_ipv6_src, MFF_TUN_IPV6_SRC},
    {Field::tun_ipv6_dst, MFF_TUN_IPV6_DST},
    {Field::tun_metadata0, MFF_TUN_METADATA0},
    {Field::in_port, MFF_IN_PORT},
    {Field::eth_src, MFF_ETH_SRC},
    {Field::eth_dst, MFF_ETH_DST},
    {Field::eth_type, MFF_ETH_TYPE},
    {Field::ipv4_src, MFF_IPV4_SRC},
    {Field::ipv4_dst, MFF_IPV4_DST},
    {Field::ipv6_src, MFF_IPV6_SRC},
    {Field::ipv6_dst, MFF_IPV6_DST},
    {Field::ip_proto, MFF_IP_PROTO},
    {Field::ip_ttl, MFF_IP_TTL},
    {Field::ip_frag, MFF_IP_FRAG},
    {Field::arp_op, MFF_ARP_OP},
    {Field::arp_spa, MFF_ARP_SPA},
    {Field::arp_tpa, MFF_ARP_TPA},
    {Field::arp_sha, MFF_ARP_SHA},
    {Field::arp_tha, MFF_ARP_THA},
    {Field::tcp_src, MFF_TCP_SRC},
    {Field::tcp_dst, MFF_TCP_DST},
    {Field::tcp_flags, MFF_TCP_FLAGS},
    {Field::udp_src, MFF_UDP_SRC},
    {Field::udp_dst, MFF_UDP_DST},
    {Field::sctp_src, MFF_SCTP_SRC},
    {Field::sctp_dst, MFF_SCTP_DST},
    {Field::icmp_type, MFF_ICMPV4_TYPE},
    {Field::icmp_code, MFF_ICMPV4_CODE},
    {Field::icmpv6_type, MFF_ICMPV6_TYPE},
    {Field::icmpv6_code, MFF_ICMPV6_CODE},
    {Field::nd_target, MFF_ND_TARGET},
    {Field::nd_sll, MFF_ND_SLL},
    {Field::nd_tll, MFF_ND_TLL},
    {Field::nd_reserved, MFF_ND_RESERVED},
    {Field::nd_options_type, MFF_ND_OPTIONS_TYPE},
}};

constexpr bool in_enum_order() {
    for (int i = 0; i < flowgen::kFieldCount; ++i)
        if (static_cast<int>(kNames.at(i).field) != i) return false;
    return true;
}
static_assert(in_enum_order());

/// Index by mf_field_id: the Field's number, -1 where flowgen has none.
constexpr auto kFieldById = [] {
    std::array<std::int16_t, MFF_N_IDS> fields{};
    fields.fill(-1);
    for (const auto& [field, id] : kNames) fields.at(id) = static_cast<std::int16_t>(field);
    return fields;
}();

/// The field's real number of bits: 128 for the tunnel option, whose mf_field is as long as the
/// longest option, and 8 for ct_state, of which the switch keeps no more.
int significant_bits(const mf_field& field) {
    if (field.id == MFF_CT_STATE) return 8;
    return field.variable_len ? flowgen::kOptionBytes * 8 : static_cast<int>(field.n_bits);
}

U128 all_bits(const mf_field& field) {
    const int bits = significant_bits(field);
    return bits == 128 ? ~U128{0} : (U128{1} << bits) - 1;
}

} // namespace

const mf_field* mf_field_of(Field field) { return mf_from_id(kNames.at(static_cast<std::size_t>(field)).id); }

std::optional<Field> field_of(mf_field_id id) {
    const auto field = kFieldById.at(id);
    if (field < 0) return std::nullopt;
    return static_cast<Field>(field);
}

mf_value to_value(const mf_field& field, U128 number) {
    mf_value value;
    std::memset(&value, 0, field.n_bytes);
    const unsigned bytes = std::min(field.n_bytes, 16U);
    for (unsigned i = 0; i < bytes; ++i) value.b[field.n_bytes - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return value;
}

mf_value to_mask(const mf_field& field, Field name, U128 mask) {
    if (mask != flowgen::full_mask(name)) return to_value(field, mask);
    // libopenvswitch needs all bytes set for "the whole field", including those beyond its bits and
    // beyond our option.
    mf_value all;
    std::memset(&all, 0xff, field.n_bytes);
    return all;
}

U128 from_value(const mf_field& field, const mf_value& value) {
    U128 number = 0;
    for (unsigned i = field.n_bytes - std::min(field.n_bytes, 16U); i < field.n_bytes; ++i)
        number = number << 8 | value.b[i];
    return number;
}

U128 from_mask(const mf_field& field, Field name, const mf_value& mask) {
    // arp_op has 16 bits, of which a match keeps 8: a field that is only ever matched whole is matched whole.
    if (field.maskable == MFM_NONE) return flowgen::full_mask(name);
    const auto bits = from_value(field, mask) & all_bits(field);
    return bits == all_bits(field) ? flowgen::full_mask(name) : bits;
}

bool fits(const mf_field& field, U128 number) { return (number & ~all_bits(field)) == 0; }

} // namespace agent
