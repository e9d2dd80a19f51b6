#include "flowgen/network/attachment_flows.h"

#include "flowgen/flow/packet_action.h"
#include "flowgen/flow/packet_match.h"

namespace flowgen {
namespace {

using ipam::Family;

/// Drops everything to and from the pod. The counters of these two flows show how much was
/// attempted.
void cut_off(const LocalPod& pod, FlowStore& store) {
    store.add(Table::Classifier, 100, Match().set(Field::in_port, pod.attachment.ofport), {}, pod.owner());
    for (const auto& address : pod.attachment.addresses)
        store.add(Table::Routing, 250, ip_to(Prefix::host(address)), {}, pod.owner());
}

void compile_classifier(const LocalPod& pod, FlowStore& store) {
    const auto& attachment = pod.attachment;
    store.add(Table::Classifier, 100, Match().set(Field::in_port, attachment.ofport),
              {set(kSourceIdentity, pod.source_bits()), to(Table::PortSecurity)}, pod.owner());
    // Packets that the pod sent to a Service come back through the gateway, translated by the host.
    for (const auto& address : attachment.addresses)
        store.add(Table::Classifier, 100, ip_from(Prefix::host(address)).set(Field::in_port, kLocalPort),
                  {set(kSourceIdentity, pod.source_bits() | kFlagViaHost), to(Table::Conntrack)}, pod.owner());
}

/// Lets a pod send only from its own addresses, in IP, ARP and neighbour discovery.
void compile_port_security(const LocalPod& pod, FlowStore& store) {
    const auto& attachment = pod.attachment;
    const U128 mac = attachment.mac.bits();
    const Match from_port = Match().set(Field::in_port, attachment.ofport).set(Field::eth_src, mac);
    const auto solicitation_from = [&](const IpAddress& source) {
        store.add(Table::PortSecurity, 110,
                  Match(from_port)
                      .merge(icmp(Family::IPv6, 135))
                      .merge(ip_from(Prefix::host(source)))
                      .set(Field::nd_sll, mac),
                  {to(Table::NeighborResponder)}, pod.owner());
    };
    for (const auto& address : attachment.addresses) {
        store.add(Table::PortSecurity, 100, Match(from_port).merge(ip_from(Prefix::host(address))),
                  {to(Table::Conntrack)}, pod.owner());
        if (address.family == Family::IPv4) {
            store.add(Table::PortSecurity, 100,
                      Match(from_port)
                          .set(Field::eth_type, kEthernetArp)
                          .set(Field::arp_sha, mac)
                          .set(Field::arp_spa, address.bits),
                      {to(Table::NeighborResponder)}, pod.owner());
        } else {
            solicitation_from(address);
            solicitation_from(link_local(attachment.mac));
        }
    }
}

/// Replies validated by other nodes, to a pod that is isolated in egress. This node's precheck may
/// drop the pod's own requests, so the node that tracks the connection would go on validating
/// replies of a connection that policy has cut since.
void compile_reply_routing(const LocalPod& pod, const Match& replies, const LocalNode& local, FlowStore& store) {
    const SetField receiver = set(kDestinationIdentity, pod.identity.bits() | kFlagPod);
    store.add(Table::Routing, 215,
              Match(replies).set(kSourceIdentity, kFlagReply | kFlagViaHost, kFlagReply | kFlagViaHost),
              {set(kOutputPort, kLocalPort), set(Field::eth_dst, local.gateway_mac.bits()), receiver,
               to(Table::ReplyPrecheck)},
              pod.owner());
    store.add(Table::Routing, 205, replies,
              {set(kOutputPort, pod.attachment.ofport), set(Field::eth_dst, pod.attachment.mac.bits()), receiver,
               to(Table::ReplyPrecheck)},
              pod.owner());
}

void compile_routing(const LocalPod& pod, const LocalNode& local, FlowStore& store) {
    const auto& attachment = pod.attachment;
    const SetField port = set(kOutputPort, attachment.ofport);
    const SetField mac = set(Field::eth_dst, attachment.mac.bits());
    for (const auto& address : attachment.addresses) {
        const Match arriving = ip_to(Prefix::host(address));
        const Match skipped = Match(arriving).set(kPacketState, kPolicySkipped, kPolicySkipped);
        // Its request left through this gateway, so the host must see the reply before the pod does.
        store.add(Table::Routing, 210,
                  Match(skipped).set(kSourceIdentity, kFlagReply | kFlagViaHost, kFlagReply | kFlagViaHost),
                  {set(kOutputPort, kLocalPort), set(Field::eth_dst, local.gateway_mac.bits()), to(Table::Output)},
                  pod.owner());
        store.add(Table::Routing, 200, skipped, {port, mac, to(Table::Output)}, pod.owner());
        if (pod.isolated_in_egress)
            compile_reply_routing(pod, Match(skipped).set(kPacketState, kVouchedFor, kVouchedFor), local, store);
        // What a pod sends to itself stays in the pod. Through a Service, the host has put its own
        // address in place of the source, so a packet that has the pod's twice is forged.
        store.add(Table::Routing, 220, Match(arriving).merge(ip_from(Prefix::host(address))), {}, pod.owner());
        store.add(Table::Routing, 180, arriving,
                  {port, mac, set(kDestinationIdentity, pod.destination_bits()), to(Table::EgressAdmin)}, pod.owner());
    }
}

} // namespace

void compile_attachments(const std::vector<LocalPod>& pods, const LocalNode& local, FlowStore& store) {
    for (const auto& pod : pods) {
        if (pod.standing == Standing::CutOff) {
            cut_off(pod, store);
            continue;
        }
        compile_classifier(pod, store);
        compile_port_security(pod, store);
        compile_routing(pod, local, store);
    }
}

} // namespace flowgen
