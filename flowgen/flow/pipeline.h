// The pipeline of the bridge: every table, register, mark and cookie, each defined here and nowhere else.
// Table numbers are fixed for good, so that documents about `ovs-ofctl dump-flows` stay true.
//
//   pod port ─► Classifier ─► PortSecurity ─┬─► NeighborResponder ─► NeighborAdvert   (ARP, ND)
//   gateway  ─►     │                       │
//   tunnel   ─►     └───────────────────────┴─► Conntrack ─► ConntrackState ─► Service ─► Routing
//
//   Routing ─┬─ to a remote pod ────► EgressPrecheck ──────────────────────────► SenderCommit ─► Output
//            ├─ to a local pod ─────► ReceiverState ─┬─► Egress* ─► Ingress* ─► Commit ─► SenderCommit ─► Output
//            │                                       └─ reply of its connection ─► ReplyPrecheck ───────► Output
//            └─ off the overlay ────► Egress* ─► Ingress* ─► Commit ─────────────────────────────────────► Output
//
// connection_flows.h says how Conntrack, ConntrackState, ReceiverState, Commit and SenderCommit go together.
#pragma once

#include "flowgen/flow/flow.h"

#include <array>
#include <string_view>

namespace flowgen {

enum class Table : std::uint8_t {
    Classifier = 0,
    PortSecurity = 10,
    NeighborResponder = 20,
    NeighborAdvert = 25,
    Conntrack = 30,
    ConntrackState = 40,
    Service = 50,
    Routing = 60,
    ReceiverState = 61,
    EgressPrecheck = 65,
    ReplyPrecheck = 67,
    EgressAdmin = 70,
    Egress = 80,
    EgressBaseline = 90,
    IngressAdmin = 100,
    Ingress = 110,
    IngressBaseline = 120,
    Commit = 130,
    SenderCommit = 135,
    Output = 140,
};

struct TableName {
    Table table{};
    std::string_view name;
};

/// Every table in pipeline order, with the name that the switch database shows for it.
inline constexpr std::array<TableName, 20> kTables{{
    {Table::Classifier, "Classifier"},
    {Table::PortSecurity, "PortSecurity"},
    {Table::NeighborResponder, "NeighborResponder"},
    {Table::NeighborAdvert, "NeighborAdvert"},
    {Table::Conntrack, "Conntrack"},
    {Table::ConntrackState, "ConntrackState"},
    {Table::Service, "Service"},
    {Table::Routing, "Routing"},
    {Table::ReceiverState, "ReceiverState"},
    {Table::EgressPrecheck, "EgressPrecheck"},
    {Table::ReplyPrecheck, "ReplyPrecheck"},
    {Table::EgressAdmin, "EgressAdmin"},
    {Table::Egress, "Egress"},
    {Table::EgressBaseline, "EgressBaseline"},
    {Table::IngressAdmin, "IngressAdmin"},
    {Table::Ingress, "Ingress"},
    {Table::IngressBaseline, "IngressBaseline"},
    {Table::Commit, "Commit"},
    {Table::SenderCommit, "SenderCommit"},
    {Table::Output, "Output"},
}};

[[nodiscard]] constexpr std::uint8_t number(Table table) { return static_cast<std::uint8_t>(table); }
/// The table's name, such as "Classifier"; "?" for a number that is not one of our tables.
[[nodiscard]] std::string_view table_name(std::uint8_t number);

// ---- Registers ------------------------------------------------------------------------------------------------------

inline constexpr Field kSourceIdentity = Field::xxreg0;      ///< the sender; layout in identity.h
inline constexpr Field kDestinationIdentity = Field::xxreg1; ///< the local pod that receives it; 0 otherwise
inline constexpr Field kOutputPort = Field::reg8;            ///< ofport that Output sends to
inline constexpr Field kPacketState = Field::reg9;           ///< the bits below
inline constexpr Field kEgressRule = Field::reg10;           ///< conjunction id of the egress rule that admitted
inline constexpr Field kIngressRule = Field::reg11;          ///< conjunction id of the ingress rule that admitted
inline constexpr Field kSenderZone = Field::reg12;           ///< ct zone of the local pod that sent it; 0: none did
inline constexpr Field kDecisionZone = Field::reg13;         ///< ct zone of the local pod that policy decides for: the
                                                             ///< receiver, or else the sender

// Bits of kPacketState.
inline constexpr std::uint32_t kPolicySkipped = 1;  ///< of an admitted connection: bypasses policy
inline constexpr std::uint32_t kVouchedFor = 2;     ///< the sending node calls it a reply of an admitted connection
inline constexpr std::uint32_t kUnrecorded = 4;     ///< the sender's zone has no entry of its connection yet
inline constexpr std::uint32_t kToPod = 8;          ///< a pod receives it, here or on another node
inline constexpr std::uint32_t kToSharedZone = 16;  ///< … a local pod without a zone of its own
inline constexpr std::uint32_t kChecksReplies = 32; ///< … a local pod that is isolated in egress
inline constexpr std::uint32_t kStrayReply = 64;    ///< the sender's side calls it a reply, the receiver's does not
inline constexpr std::uint32_t kThroughHost = 128;  ///< this node's host has translated its request, so must see it

// ---- Connection tracking --------------------------------------------------------------------------------------------

// Every attachment has a zone of its own; see Attachment::ct_zone.
inline constexpr std::uint16_t kSharedZone = 0xff10; ///< of the attachments without one; those of the others are lower

// Bits of ct_mark.
inline constexpr std::uint32_t kMarkBlocked = 1;     ///< policy denies it now: no packet of it is a reply
inline constexpr std::uint32_t kMarkViaHost = 2;     ///< the original direction came through a gateway
inline constexpr std::uint32_t kMarkAdmitted = 4;    ///< policy has allowed a packet of it, here
inline constexpr std::uint32_t kMarkFromGateway = 8; ///< opened from beyond this node's gateway, not by a pod
inline constexpr std::uint32_t kMarkAsked = 16;      ///< the zone's pod opened it to another pod, whose node decides
inline constexpr std::uint32_t kMarkAnswered = 32;   ///< … and a reply was delivered
inline constexpr std::uint32_t kMarkMidstream = 64;  ///< its beginning was not seen, so its opener is not known
/// What the node decides that admits a connection.
inline constexpr std::uint32_t kMarkDecision =
    kMarkBlocked | kMarkViaHost | kMarkAdmitted | kMarkFromGateway | kMarkMidstream;

// ct_label: bits 0-31 kEgressRule, bits 32-63 kIngressRule of the packet that was admitted, 0 where no rule was needed.
inline constexpr int kLabelEgressRule = 0;
inline constexpr int kLabelIngressRule = 32;

// ---- The Geneve option that carries the sender's identity -----------------------------------------------------------

inline constexpr std::uint16_t kOptionClass = 0xff10; ///< Geneve experimental range. Source: RFC 8926, section 7
inline constexpr std::uint8_t kOptionType = 0;
inline constexpr int kOptionBytes = 16;

// ---- The virtual router that every pod has as its default gateway ---------------------------------------------------

inline constexpr ipam::IpAddress kRouterIpv4{ipam::Family::IPv4, 0xa9fe0101};                      ///< 169.254.1.1
inline constexpr ipam::IpAddress kRouterIpv6{ipam::Family::IPv6, (ipam::U128{0xfe80} << 112) | 1}; ///< fe80::1
inline constexpr ipam::MacAddress kRouterMac{{0xee, 0xee, 0xee, 0xee, 0xee, 0xee}};

// ---- Priorities of the policy tables --------------------------------------------------------------------------------

inline constexpr std::uint16_t kPriorityOwnNode = 60000;       ///< the pod's own node is always admitted
inline constexpr std::uint16_t kPriorityUnconditional = 50000; ///< rules whose only condition is the subject
inline constexpr std::uint16_t kPriorityConjunctive = 40000;   ///< the first band of conjunctions; further ones below
inline constexpr std::uint16_t kPriorityBlock = 20;            ///< denied now, on a connection that was admitted before
inline constexpr std::uint16_t kPriorityDeny = 10;             ///< the default deny of isolated pods
inline constexpr std::uint16_t kPriorityMiss = 0;

/// Conjunctions that one flow may carry. A flow-mod is at most 64 KiB, 16 bytes a conjunction; half is left free.
inline constexpr int kConjunctionsPerFlow = 2000;

} // namespace flowgen
