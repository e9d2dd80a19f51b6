// OpenFlow flows as plain values: produced by the compilers, compared by delta, encoded for the
// switch.
//
//   Match (canonical) + actions ──► Flow ──► FlowSet ──► delta ──► bundle
//                                    └─► text, as ovs-ofctl reads it
//
// Two flows that a switch would treat as the same compare equal: values are masked, fields sorted, full wildcards gone.
#pragma once

#include "ipam/address.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace flowgen {

using ipam::U128;

/// The fields that our flows match or write. Names and meaning: ovs-fields(7). The order is that of the text form.
enum class Field : std::uint8_t {
    conj_id,
    ct_state,
    ct_mark,
    ct_label,
    xxreg0, ///< covers reg0 to reg3, which therefore have no entry of their own
    xxreg1, ///< covers reg4 to reg7
    reg8,
    reg9,
    reg10,
    reg11,
    reg12,
    reg13,
    reg14,
    reg15,
    tun_id,
    tun_src,
    tun_dst,
    tun_ipv6_src,
    tun_ipv6_dst,
    tun_metadata0, ///< our Geneve option, 128 bits
    in_port,
    eth_src,
    eth_dst,
    eth_type,
    ipv4_src,
    ipv4_dst,
    ipv6_src,
    ipv6_dst,
    ip_proto,
    ip_ttl,
    ip_frag,
    arp_op,
    arp_spa,
    arp_tpa,
    arp_sha,
    arp_tha,
    tcp_src,
    tcp_dst,
    tcp_flags,
    udp_src,
    udp_dst,
    sctp_src,
    sctp_dst,
    icmp_type,
    icmp_code,
    icmpv6_type,
    icmpv6_code,
    nd_target,
    nd_sll,
    nd_tll,
    nd_reserved,
    nd_options_type,
};

inline constexpr int kFieldCount = static_cast<int>(Field::nd_options_type) + 1;

/// Width of a field in bits: 32 for in_port, 8 for ip_frag.
[[nodiscard]] int width(Field field);
/// Ones in every bit of the field.
[[nodiscard]] U128 full_mask(Field field);
/// Its name as ovs-ofctl reads and prints it, such as "nw_src" for ipv4_src.
[[nodiscard]] std::string_view name(Field field);

/// Bits of ct_state, as in the Open vSwitch `ct_state` field. Source: ovs-fields(7).
namespace ct_state {
inline constexpr std::uint32_t kNew = 0x01, kEstablished = 0x02, kRelated = 0x04, kReply = 0x08, kInvalid = 0x10,
                               kTracked = 0x20;
} // namespace ct_state

/// Bits of tcp_flags. Source: RFC 9293, section 3.1.
namespace tcp_flags {
inline constexpr std::uint32_t kSyn = 0x02, kAck = 0x10;
} // namespace tcp_flags

struct FieldMatch {
    Field field{};
    U128 value = 0;
    U128 mask = 0;

    auto operator<=>(const FieldMatch&) const = default;
};

/// A conjunction of field matches, kept sorted by field, each at most once.
/// The caller sets prerequisites, such as eth_type for nw_src or ip_proto for tcp_dst. The matches
/// of packet_match.h include theirs.
class Match {
  public:
    /// Adds a match on the field, or narrows the one that is there. Bits outside `mask` are
    /// cleared; a zero mask changes nothing. Returns *this for chaining.
    Match& set(Field field, U128 value, U128 mask);
    Match& set(Field field, U128 value) { return set(field, value, full_mask(field)); }
    /// Adds all fields of `other`.
    Match& merge(const Match& other);
    [[nodiscard]] const std::vector<FieldMatch>& fields() const { return fields_; }
    [[nodiscard]] const FieldMatch* find(Field field) const;
    auto operator<=>(const Match&) const = default;

  private:
    std::vector<FieldMatch> fields_;
};

struct SetField {
    Field field{};
    U128 value = 0;
    U128 mask = 0; ///< which bits are written; value has none outside

    auto operator<=>(const SetField&) const = default;
};

/// Copies `bits` bits from one field to another.
struct Move {
    Field source{};
    int source_offset = 0;
    Field destination{};
    int destination_offset = 0;
    int bits = 0;

    auto operator<=>(const Move&) const = default;
};

struct Output {
    std::uint32_t port = 0; ///< an ofport, kInPort or kLocalPort

    auto operator<=>(const Output&) const = default;
};

/// Outputs to the port whose number a whole register holds.
struct OutputRegister {
    Field field{};

    auto operator<=>(const OutputRegister&) const = default;
};

struct DecTtl {
    auto operator<=>(const DecTtl&) const = default;
};

struct GotoTable {
    std::uint8_t table = 0;

    auto operator<=>(const GotoTable&) const = default;
};

/// conjunction(id, clause/clauses); clauses count from 1.
struct Conjunction {
    std::uint32_t id = 0;
    std::uint8_t clause = 1;
    std::uint8_t clauses = 2;

    auto operator<=>(const Conjunction&) const = default;
};

/// A zone of connection tracking: its number, or the register that has it in its low 16 bits.
using CtZone = std::variant<std::uint16_t, Field>;
inline constexpr int kCtZoneBits = 16;

/// ct(...): with `table` the packet recirculates there; with `commit`, `exec` is applied to the
/// connection; with `force`, a packet in reply direction begins a connection of its own.
struct Ct {
    bool commit = false;
    bool force = false;
    CtZone zone = std::uint16_t{0};
    std::optional<std::uint8_t> table = std::nullopt;
    std::vector<std::variant<SetField, Move>> exec = {}; // NOLINT(readability-redundant-member-init): for GCC

    auto operator<=>(const Ct&) const = default;
};

using Action = std::variant<Conjunction, SetField, Move, DecTtl, Ct, Output, OutputRegister, GotoTable>;
/// In order of execution; none means drop. GotoTable, if any, is last.
using Actions = std::vector<Action>;

inline constexpr std::uint32_t kInPort = 0xfff8;    ///< back to where the packet came from
inline constexpr std::uint32_t kLocalPort = 0xfffe; ///< the bridge's own port

/// Identifies a flow in a switch. Sorted by table, then by descending priority, then by match.
struct FlowKey {
    std::uint8_t table = 0;
    std::uint16_t priority = 0;
    Match match;

    bool operator==(const FlowKey&) const = default;
    std::strong_ordering operator<=>(const FlowKey& other) const;
};

struct FlowBody {
    std::uint64_t cookie = 0;
    Actions actions;

    auto operator<=>(const FlowBody&) const = default;
};

/// One line as `ovs-ofctl -O OpenFlow15 --bundle add-flows` reads it: "cookie=…,table=…,priority=…,MATCH,actions=…".
[[nodiscard]] std::string text(const FlowKey& key, const FlowBody& body);

} // namespace flowgen
