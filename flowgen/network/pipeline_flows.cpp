#include "flowgen/network/pipeline_flows.h"

#include "flowgen/flow/packet_match.h"
#include "flowgen/network/connection_flows.h"
#include "flowgen/network/table_writer.h"
#include "flowgen/state/identity.h"

namespace flowgen {
namespace {

/// Drops packets that no later table may see, and classifies those from the gateway. The flows of
/// this node's own host are in node_flows.cpp, those of sources that no network carries in
/// special_addresses.cpp.
void compile_classifier(FlowStore& store) {
    const TableWriter table{store, Table::Classifier};
    const auto from_gateway = [](const Match& match) { return Match(match).set(Field::in_port, kLocalPort); };
    table.add(120, from_gateway(Match().set(Field::eth_type, kEthernetArp)), {to(Table::NeighborResponder)});
    table.add(120, from_gateway(icmp(Family::IPv6, 135)), {to(Table::NeighborResponder)});
    for (const auto family : kFamilies)
        table.add(50, from_gateway(ip(family)), {set(kSourceIdentity, 0), to(Table::Conntrack)});
    table.add(0, {}, {});
}

/// Turns a request into its reply: the pods' only neighbour is the virtual router. Neighbour
/// discovery is answered only on a datapath that can write the reply. Every pod has a permanent
/// entry for the router, so it need not solicit.
void compile_neighbor_responder(const LocalNode& local, FlowStore& store) {
    const TableWriter table{store, Table::NeighborResponder};
    const U128 mac = kRouterMac.bits();
    table.add(100,
              Match().set(Field::eth_type, kEthernetArp).set(Field::arp_op, 1).set(Field::arp_tpa, kRouterIpv4.bits),
              {Move{Field::eth_src, 0, Field::eth_dst, 0, 48}, set(Field::eth_src, mac), set(Field::arp_op, 2),
               Move{Field::arp_sha, 0, Field::arp_tha, 0, 48}, set(Field::arp_sha, mac),
               Move{Field::arp_spa, 0, Field::arp_tpa, 0, 32}, set(Field::arp_spa, kRouterIpv4.bits), Output{kInPort}});
    if (local.writes_nd_options)
        table.add(100, icmp(Family::IPv6, 135).set(Field::icmpv6_code, 0).set(Field::nd_target, kRouterIpv6.bits),
                  {Move{Field::eth_src, 0, Field::eth_dst, 0, 48}, set(Field::eth_src, mac),
                   Move{Field::ipv6_src, 0, Field::ipv6_dst, 0, 128}, set(Field::ipv6_src, kRouterIpv6.bits),
                   set(Field::icmpv6_type, 136), to(Table::NeighborAdvert)});
    table.add(0, {}, {});
}

/// The second half of the reply to a solicitation: its option can be written only once the packet
/// is an advertisement.
/// Router, solicited and override flags; option type 2 turns the source link-layer address option of the solicitation
/// into the target link-layer address option. Source: RFC 4861, section 4.4.
void compile_neighbor_advert(const LocalNode& local, FlowStore& store) {
    const TableWriter table{store, Table::NeighborAdvert};
    if (local.writes_nd_options)
        table.add(100, icmp(Family::IPv6, 136),
                  {set(Field::nd_options_type, 2), set(Field::nd_reserved, 0xe0000000),
                   set(Field::nd_tll, kRouterMac.bits()), Output{kInPort}});
    table.add(0, {}, {});
}

void compile_routing(const LocalNode& local, FlowStore& store) {
    const TableWriter table{store, Table::Routing};
    const Match skipped = Match().set(kPacketState, kPolicySkipped, kPolicySkipped);
    // From the gateway or a tunnel, to no pod or node address that we know: never sent back to
    // either of them.
    table.add(20, Match().set(Field::in_port, kLocalPort), {});
    table.add(20, Match().set(Field::in_port, local.tunnel_ofport), {});
    table.add(15, skipped, to_gateway(local, Table::Output));
    for (const auto family : kFamilies) table.add(10, ip(family), to_gateway(local, Table::EgressAdmin));
    table.add(0, {}, {});
}

/// The flows around the rules of policies, which policy_flows.cpp adds between them.
void compile_policy_tables(FlowStore& store) {
    const TableWriter egress{store, Table::Egress};
    const TableWriter ingress{store, Table::Ingress};
    // Neither a reply nor an ICMP error, whose entry is not theirs to cut.
    using namespace ct_state;
    const Match admitted = Match()
                               .set(Field::ct_state, kTracked, kTracked | kReply | kRelated)
                               .set(Field::ct_mark, kMarkAdmitted, kMarkAdmitted | kMarkBlocked);
    const auto isolate = [&](const TableWriter& table, Field identity) {
        const Match isolated = Match().set(identity, kFlagIsolated, kFlagIsolated);
        const Ct block{
            .commit = true, .zone = kDecisionZone, .exec = {set(Field::ct_mark, kMarkBlocked, kMarkBlocked)}};
        for (const auto family : kFamilies)
            table.add(kPriorityBlock, Match(isolated).merge(admitted).merge(ip(family)), {block});
        table.add(kPriorityDeny, isolated, {});
    };
    isolate(egress, kSourceIdentity);
    isolate(ingress, kDestinationIdentity);
    ingress.add(kPriorityOwnNode, Match().set(kSourceIdentity, own_host_identity().bits(), kIdentityMask),
                {to(Table::Commit)});

    const auto next = [&](Table table, Table after) { TableWriter{store, table}.add(kPriorityMiss, {}, {to(after)}); };
    next(Table::Service, Table::Routing);
    next(Table::EgressAdmin, Table::Egress);
    next(Table::Egress, Table::EgressBaseline);
    next(Table::EgressBaseline, Table::IngressAdmin);
    next(Table::IngressAdmin, Table::Ingress);
    next(Table::Ingress, Table::IngressBaseline);
    next(Table::IngressBaseline, Table::Commit);
}

void pass_icmp_errors(const TableWriter& table) {
    for (const std::uint8_t type : {3, 11, 12}) table.add(180, icmp(Family::IPv4, type), {to(Table::Output)});
    for (const std::uint8_t type : {1, 2, 3, 4}) table.add(180, icmp(Family::IPv6, type), {to(Table::Output)});
}

/// Towards remote pods. policy_flows.cpp adds the flows for what this node's rules could allow.
void compile_precheck_tables(std::uint32_t tunnel_ofport, FlowStore& store) {
    const TableWriter table{store, Table::EgressPrecheck};
    table.add(200, Match().set(Field::in_port, tunnel_ofport), {}); // no transit
    table.add(190, Match().set(kPacketState, kPolicySkipped, kPolicySkipped), {to(Table::Output)});
    // They may belong to a connection that only the receiver's node tracks; that node drops those
    // that do not.
    pass_icmp_errors(table);
    table.add(kPriorityDeny, Match().set(kSourceIdentity, kFlagIsolated, kFlagIsolated), {});
    table.add(kPriorityMiss, {}, {to(Table::SenderCommit)});
}

/// Replies. Those from remote pods to local ones that are isolated in egress meet the rules of the
/// requests, reversed: EgressPrecheck may drop the pod's own requests here, so the node that tracks
/// the connection would go on calling packets replies after policy has cut it.
void compile_reply_precheck(FlowStore& store) {
    const TableWriter table{store, Table::ReplyPrecheck};
    for (const auto needed : {kVouchedFor, kChecksReplies})
        table.add(200, Match().set(kPacketState, 0, needed), {to(Table::Output)});
    pass_icmp_errors(table);
    table.add(kPriorityMiss, {}, as_no_reply());
}

void compile_output(const LocalNode& local, FlowStore& store) {
    const TableWriter table{store, Table::Output};
    const SetField from_router = set(Field::eth_src, kRouterMac.bits());
    const Move identity{kSourceIdentity, 0, Field::tun_metadata0, 0, 128};
    const Match to_tunnel = Match().set(kOutputPort, local.tunnel_ofport);
    const Match from_host = Match().set(kSourceIdentity, own_host_identity().bits(), kIdentityMask);
    for (const auto family : kFamilies) {
        table.add(120, ip(family).set(kPacketState, kThroughHost, kThroughHost),
                  {from_router, set(Field::eth_dst, local.gateway_mac.bits()), DecTtl{}, Output{kLocalPort}});
        // The identity "own host" here is the identity "node NAME" on the other nodes.
        table.add(110, Match(to_tunnel).merge(ip(family)).merge(from_host),
                  {set(kSourceIdentity, other_node_identity(local.name).bits(), kIdentityMask), from_router, DecTtl{},
                   identity, Output{local.tunnel_ofport}});
        table.add(100, Match(to_tunnel).merge(ip(family)),
                  {from_router, DecTtl{}, identity, Output{local.tunnel_ofport}});
        table.add(90, ip(family).set(kOutputPort, kLocalPort), {from_router, DecTtl{}, Output{kLocalPort}});
        table.add(50, ip(family), {from_router, DecTtl{}, OutputRegister{kOutputPort}});
    }
    table.add(0, {}, {});
}

} // namespace

void compile_pipeline(const LocalNode& local, FlowStore& store) {
    compile_classifier(store);
    TableWriter{store, Table::PortSecurity}.add(0, {}, {});
    compile_neighbor_responder(local, store);
    compile_neighbor_advert(local, store);
    compile_connections(local, store);
    compile_routing(local, store);
    compile_precheck_tables(local.tunnel_ofport, store);
    compile_reply_precheck(store);
    compile_policy_tables(store);
    compile_output(local, store);
}

} // namespace flowgen
