#include "flowgen/network/connection_flows.h"

#include "flowgen/flow/packet_action.h"
#include "flowgen/flow/packet_match.h"
#include "flowgen/network/table_writer.h"
#include "flowgen/state/identity.h"

#include <bit>
#include <utility>

namespace flowgen {
namespace {

using namespace ct_state;

Match state(std::uint32_t value, std::uint32_t mask) {
    return Match().set(Field::ct_state, value | kTracked, mask | kTracked);
}

Match reply() { return state(kReply, kReply); }

Match marked(Match match, std::uint32_t value, std::uint32_t mask) { return match.set(Field::ct_mark, value, mask); }

/// A packet that opens a TCP connection.
Match opening(Family family) {
    return transport(family, Protocol::TCP).set(Field::tcp_flags, tcp_flags::kSyn, tcp_flags::kSyn | tcp_flags::kAck);
}

SetField packet_state(std::uint32_t bits) { return set(kPacketState, bits, bits); }
SetField source_flags(U128 flags) { return set(kSourceIdentity, flags, flags); }

/// Conntrack: looks the packet up in the zone of the local pod that sent it, if one did.
void look_up_sender(std::uint32_t tunnel_ofport, FlowStore& store) {
    const TableWriter table{store, Table::Conntrack};
    table.add(110, Match().set(Field::in_port, tunnel_ofport).set(kSourceIdentity, kFlagReply, kFlagReply),
              {packet_state(kVouchedFor), to(Table::Service)});
    table.add(100, Match().set(kSenderZone, 0), {to(Table::Service)});
    for (const auto family : kFamilies)
        table.add(50, ip(family), {Ct{.zone = kSenderZone, .table = number(Table::ConntrackState)}});
    table.add(0, {}, {});
}

/// ConntrackState: what the sender's zone says.
void judge_sender(const LocalNode& local, FlowStore& store) {
    const TableWriter table{store, Table::ConntrackState};
    const SetField skip = packet_state(kPolicySkipped);
    const Match answer = reply();
    table.add(100, marked(answer, kMarkAdmitted | kMarkViaHost, kMarkDecision),
              {skip, source_flags(kFlagReply | kFlagViaHost), to(Table::Routing)});
    // The host may have translated the request (a hostPort, a NodePort), so it must see the reply,
    // whatever its destination.
    table.add(100, marked(answer, kMarkAdmitted | kMarkFromGateway, kMarkDecision), to_gateway(local, Table::Output));
    table.add(100, marked(answer, kMarkAdmitted, kMarkDecision), {skip, source_flags(kFlagReply), to(Table::Routing)});
    // ICMP errors about replies, sent by the side that opened the connection.
    table.add(100, marked(state(kRelated, kRelated | kReply), kMarkAdmitted, kMarkAdmitted | kMarkBlocked),
              {skip, to(Table::Routing)});
    // A connection may begin anew where an entry of an earlier one is left.
    for (const auto family : kFamilies) table.add(95, opening(family), {packet_state(kUnrecorded), to(Table::Service)});
    table.add(91, marked(answer, kMarkFromGateway, kMarkFromGateway), {packet_state(kThroughHost), to(Table::Service)});
    table.add(90, answer, {to(Table::Service)});
    for (const auto known : {kMarkAdmitted, kMarkAsked})
        table.add(90, marked(state(0, kReply), known, known), {to(Table::Service)});
    table.add(0, {}, {packet_state(kUnrecorded), to(Table::Service)});
}

/// ReceiverState: what the zone of the local pod says that receives the packet.
void judge_receiver(FlowStore& store) {
    const TableWriter table{store, Table::ReceiverState};
    const Actions deliver{packet_state(kPolicySkipped), to(Table::ReplyPrecheck)};
    const auto after = [](Action first, const Actions& rest) {
        Actions all{std::move(first)};
        all.insert(all.end(), rest.begin(), rest.end());
        return all;
    };
    // The pod's request came through this node's host: the entry tells.
    const Move through_host{Field::ct_mark, std::countr_zero(kMarkViaHost), kPacketState,
                            std::countr_zero(kThroughHost), 1};
    const auto called_reply = [](const Match& match) {
        return Match(match).set(kSourceIdentity, kFlagReply, kFlagReply);
    };
    const auto from_no_pod = [](const Match& match) { return Match(match).set(kSourceIdentity, 0, kFlagPod); };
    const Ct answered{
        .commit = true, .zone = kDecisionZone, .exec = {set(Field::ct_mark, kMarkAnswered, kMarkAnswered)}};
    for (const auto family : kFamilies)
        table.add(110, marked(called_reply(reply().merge(ip(family))), kMarkAsked, kMarkAsked | kMarkAnswered),
                  after(through_host, after(answered, deliver)));
    table.add(100, marked(called_reply(reply()), kMarkAsked | kMarkAnswered, kMarkAsked | kMarkAnswered),
              after(through_host, deliver));
    // Its zone may lack the request, which an earlier version of the agent did not record.
    const Match shared = called_reply(Match().set(kPacketState, kToSharedZone, kToSharedZone));
    table.add(106, Match(shared).set(kSourceIdentity, kFlagViaHost, kFlagViaHost),
              after(packet_state(kThroughHost), deliver));
    table.add(105, shared, deliver);
    table.add(100, marked(from_no_pod(reply()), kMarkAdmitted, kMarkAdmitted | kMarkBlocked | kMarkMidstream), deliver);
    // Any router on the way may send an ICMP error, and the opener about a reply.
    const Match error = from_no_pod(state(kReply | kRelated, kReply | kRelated));
    table.add(100, marked(error, kMarkAsked, kMarkAsked), after(through_host, deliver));
    table.add(100, marked(error, kMarkAdmitted, kMarkAdmitted | kMarkBlocked), deliver);
    table.add(100, marked(state(kRelated, kReply | kRelated), kMarkAdmitted, kMarkAdmitted | kMarkBlocked), deliver);
    table.add(91, called_reply(reply()), after(through_host, as_no_reply()));
    table.add(90, called_reply({}), as_no_reply());
    // Not called a reply, but still the other direction of what the pod has asked through its host,
    // unless it begins a connection of its own.
    const Actions to_policy{set(kPacketState, 0, kPolicySkipped), to(Table::EgressAdmin)};
    for (const auto family : kFamilies) {
        table.add(82, opening(family).merge(reply()), to_policy);
        table.add(81, transport(family, Protocol::TCP).merge(reply()), after(through_host, to_policy));
    }
    table.add(80, marked(reply(), kMarkAnswered, kMarkAnswered), after(through_host, to_policy));
    table.add(0, {}, to_policy);
}

/// The commits of admitted packets, for each way that a packet may have come here.
class Admission {
  public:
    Admission(const TableWriter& table, std::uint16_t priority) : table_(table), priority_(priority) {}

    /// Commits what matches, with these bits beside kMarkAdmitted; of the entry's other bits, those in
    /// `kept` stay.
    void add(const Match& match, Family family, std::uint32_t bits, std::uint32_t kept, bool force) const {
        const auto commit = [&](std::uint32_t origin) -> Actions {
            return {Ct{.commit = true,
                       .force = force,
                       .zone = kDecisionZone,
                       .exec = {set(Field::ct_mark, kMarkAdmitted | origin | bits, kMarkDecision & ~kept),
                                Move{kEgressRule, 0, Field::ct_label, kLabelEgressRule, 32},
                                Move{kIngressRule, 0, Field::ct_label, kLabelIngressRule, 32}}},
                    to(Table::SenderCommit)};
        };
        // From the gateway, and neither this node's host (which has an odd namespace value) nor a pod.
        const Match beyond_gateway =
            Match().set(Field::in_port, kLocalPort).set(kSourceIdentity, 0, kFlagPod | U128{kNamespaceOwnHost} << 64);
        const Match via_host = Match().set(kSourceIdentity, kFlagViaHost, kFlagViaHost);
        const Match packet = Match(match).merge(ip(family));
        table_.add(priority_ + 2, Match(packet).merge(beyond_gateway), commit(kMarkFromGateway));
        table_.add(priority_ + 1, Match(packet).merge(via_host), commit(kMarkViaHost));
        table_.add(priority_, packet, commit(0));
    }

  private:
    const TableWriter& table_;
    std::uint16_t priority_;
};

/// Commit: policy has admitted the packet.
void compile_commit(FlowStore& store) {
    const TableWriter table{store, Table::Commit};
    const Match asked_in_vain = marked(reply(), kMarkAsked, kMarkAsked | kMarkAnswered | kMarkAdmitted | kMarkBlocked);
    // Between this node's host and another node: no pod's, so in no pod's zone.
    table.add(500, Match().set(kDecisionZone, 0), {to(Table::Output)});
    // Whatever is left of an earlier connection between these ports.
    for (const auto family : kFamilies) Admission(table, 400).add(opening(family), family, 0, 0, true);
    // The entry is the sender's to make: its own node knows the connection as the receiver's, and has
    // found the packet valid.
    table.add(310, Match().set(kPacketState, kStrayReply, kStrayReply), {to(Table::Output)});
    table.add(300, state(kInvalid, kInvalid), {});
    // An ICMP error about what was never delivered; the others are not policy's.
    table.add(300, state(kRelated, kRelated), {});
    for (const auto family : kFamilies) {
        table.add(270, Match(asked_in_vain).merge(transport(family, Protocol::TCP)), {to(Table::SenderCommit)});
        // The receiver has asked, and nobody has admitted it: the first who is admitted is the opener.
        Admission(table, 260).add(asked_in_vain, family, 0, 0, true);
    }
    table.add(250, reply(), {to(Table::SenderCommit)});
    table.add(200, marked(state(0, kReply), kMarkAdmitted, kMarkAdmitted | kMarkBlocked), {to(Table::SenderCommit)});
    for (const auto family : kFamilies) {
        Admission(table, 150).add(marked({}, kMarkBlocked, kMarkBlocked), family, 0, kMarkMidstream, false);
        Admission(table, 120).add(transport(family, Protocol::TCP), family, kMarkMidstream, 0, false);
        Admission(table, 50).add({}, family, 0, 0, false);
    }
    table.add(0, {}, {});
}

/// SenderCommit: to a pod, here or on another node. This node does not know yet whether the
/// connection is admitted.
void record_request(FlowStore& store) {
    const TableWriter table{store, Table::SenderCommit};
    const std::uint32_t wanted = kUnrecorded | kToPod;
    const auto commit = [](std::uint32_t way, bool force) -> Actions {
        return {Ct{.commit = true,
                   .force = force,
                   .zone = kSenderZone,
                   .exec = {set(Field::ct_mark, kMarkAsked | way, kMarkAsked | kMarkViaHost)}},
                to(Table::Output)};
    };
    const auto via_host = [](const Match& match) {
        return Match(match).set(kSourceIdentity, kFlagViaHost, kFlagViaHost);
    };
    for (const auto family : kFamilies) {
        const auto first = opening(family).set(kPacketState, wanted, wanted);
        const auto other = ip(family).set(kPacketState, wanted, wanted);
        table.add(111, via_host(first), commit(kMarkViaHost, true));
        table.add(110, first, commit(0, true));
        table.add(101, via_host(other), commit(kMarkViaHost, false));
        table.add(100, other, commit(0, false));
    }
    table.add(0, {}, {to(Table::Output)});
}

} // namespace

Actions as_no_reply() {
    return {set(kSourceIdentity, 0, kFlagReply | kFlagViaHost),
            set(kPacketState, kStrayReply, kStrayReply | kPolicySkipped), to(Table::EgressAdmin)};
}

void compile_connections(const LocalNode& local, FlowStore& store) {
    look_up_sender(local.tunnel_ofport, store);
    judge_sender(local, store);
    judge_receiver(store);
    compile_commit(store);
    record_request(store);
}

} // namespace flowgen
