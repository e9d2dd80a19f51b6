#include "flowgen/network/attachment_flows.h"

#include "flowgen/flow/packet_action.h"
#include "flowgen/flow/packet_match.h"

namespace flowgen {
namespace {

using ipam::Family;

constexpr std::uint32_t kReceiverBits = kToPod | kToSharedZone | kChecksReplies;

std::uint16_t zone_of(const Attachment& attachment) { return attachment.ct_zone.value_or(kSharedZone); }

/// Drops everything to and from the pod. The counters of these two flows show how much was
/// attempted.
void cut_off(const LocalPod& pod, FlowStore& store) {
    store.add(Table::Classifier, 100, Match().set(Field::in_port, pod.attachment.ofport), {}, pod.owner());
    for (const auto& address : pod.attachment.addresses)
        store.add(Table::Routing, 250, ip_to(Prefix::host(address)), {}, pod.owner());
}

void compile_classifier(const LocalPod& pod, FlowStore& store) {
    const auto& attachment = pod.attachment;
    const auto zone = zone_of(attachment);
    store.add(Table::Classifier, 100, Match().set(Field::in_port, attachment.ofport),
              {set(kSourceIdentity, pod.source_bits()), set(kSenderZone, zone), set(kDecisionZone, zone),
               to(Table::PortSecurity)},
              pod.owner());
    // Packets that the pod sent to a Service come back through the gateway, translated by the host.
    for (const auto& address : attachment.addresses)
        store.add(Table::Classifier, 100, ip_from(Prefix::host(address)).set(Field::in_port, kLocalPort),
                  {set(kSourceIdentity, pod.source_bits() | kFlagViaHost), set(kSenderZone, zone),
                   set(kDecisionZone, zone), to(Table::Conntrack)},
                  pod.owner());
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

void compile_routing(const LocalPod& pod, FlowStore& store) {
    const auto& attachment = pod.attachment;
    const std::uint32_t receiver =
        kToPod | (attachment.ct_zone ? 0 : kToSharedZone) | (pod.isolated_in_egress ? kChecksReplies : 0);
    for (const auto& address : attachment.addresses) {
        const Match arriving = ip_to(Prefix::host(address));
        // What a pod sends to itself stays in the pod. Through a Service, the host has put its own
        // address in place of the source, so a packet that has the pod's twice is forged.
        store.add(Table::Routing, 220, Match(arriving).merge(ip_from(Prefix::host(address))), {}, pod.owner());
        store.add(Table::Routing, 180, arriving,
                  {set(kOutputPort, attachment.ofport), set(Field::eth_dst, attachment.mac.bits()),
                   set(kDestinationIdentity, pod.destination_bits()), set(kPacketState, receiver, kReceiverBits),
                   set(kDecisionZone, zone_of(attachment)),
                   Ct{.zone = kDecisionZone, .table = number(Table::ReceiverState)}},
                  pod.owner());
    }
}

} // namespace

void compile_attachments(const std::vector<LocalPod>& pods, FlowStore& store) {
    for (const auto& pod : pods) {
        if (pod.standing == Standing::CutOff) {
            cut_off(pod, store);
            continue;
        }
        compile_classifier(pod, store);
        compile_port_security(pod, store);
        compile_routing(pod, store);
    }
}

} // namespace flowgen
