#include "flowgen/network/node_flows.h"

#include "flowgen/flow/packet_action.h"
#include "flowgen/flow/packet_match.h"
#include "flowgen/network/address_claims.h"
#include "flowgen/state/identity.h"
#include "flowgen/state/node_address.h"

#include <algorithm>

namespace flowgen {
namespace {

using ipam::Family;

Match skipped(Match match) { return match.set(kPacketState, kPolicySkipped, kPolicySkipped); }

/// The ranges and addresses that nodes claim: this node first, then the others by name. The first
/// claim wins.
struct NodeClaims {
    AddressClaims pod_cidrs;
    AddressClaims addresses;
    std::vector<std::string> warnings;

    bool claim(AddressClaims& claims, const Prefix& prefix, const std::string& node, const std::string& consequence) {
        const auto holder = claims.claim(prefix, "node " + node);
        if (holder)
            warnings.push_back("node " + node + " claims " + prefix.text() + ", which overlaps " + *holder + ": " +
                               consequence + "; correct one of the Node objects");
        return !holder;
    }
};

void compile_own_host(const LocalNode& local, const Node* self, NodeClaims& claims, FlowStore& store) {
    const Owner owner{OwnerCategory::Node, local.name};
    std::set<IpAddress> addresses(local.host_addresses.begin(), local.host_addresses.end());
    if (self != nullptr) addresses.merge(node_addresses(*self));
    for (const auto& address : addresses) {
        claims.claim(claims.addresses, Prefix::host(address), local.name, "it is listed twice");
        const Prefix host = Prefix::host(address);
        store.add(Table::Classifier, 110, ip_from(host).set(Field::in_port, kLocalPort),
                  {set(kSourceIdentity, own_host_identity().bits()), to(Table::Conntrack)}, owner);
        const auto deliver = [&](Table next) -> Actions {
            return {set(kOutputPort, kLocalPort), set(Field::eth_dst, local.gateway_mac.bits()), to(next)};
        };
        // From another node's pod: its egress policy was evaluated there, where it is tracked.
        store.add(Table::Routing, 140, ip_to(host).set(Field::in_port, local.tunnel_ofport), deliver(Table::Output),
                  owner);
        store.add(Table::Routing, 130, skipped(ip_to(host)), deliver(Table::Output), owner);
        store.add(Table::Routing, 120, ip_to(host), deliver(Table::EgressAdmin), owner);
    }
    if (self == nullptr) return;
    for (const auto& cidr : self->pod_cidrs)
        if (claims.claim(claims.pod_cidrs, cidr, local.name, "it counts once"))
            store.add(Table::Routing, 90, ip_to(cidr), {}, owner); // no such pod
}

void compile_other_node(const LocalNode& local, const Node& node, const IpAddress& endpoint, NodeClaims& claims,
                        FlowStore& store) {
    const Owner owner{OwnerCategory::Node, node.name};
    const bool v4 = endpoint.family == Family::IPv4;
    const Match from_tunnel =
        Match().set(Field::in_port, local.tunnel_ofport).set(v4 ? Field::tun_src : Field::tun_ipv6_src, endpoint.bits);
    const SetField tunnel_to = set(v4 ? Field::tun_dst : Field::tun_ipv6_dst, endpoint.bits);
    const SetField port = set(kOutputPort, local.tunnel_ofport);
    const auto arriving_from = [&](const Prefix& prefix) {
        store.add(Table::Classifier, 100, Match(from_tunnel).merge(ip_from(prefix)),
                  {Move{Field::tun_metadata0, 0, kSourceIdentity, 0, 128}, to(Table::Conntrack)}, owner);
    };
    for (const auto& cidr : node.pod_cidrs) {
        if (!claims.claim(claims.pod_cidrs, cidr, node.name, "its pods there are unreachable")) continue;
        arriving_from(cidr);
        store.add(Table::Routing, 100, ip_to(cidr),
                  {tunnel_to, port, set(kPacketState, kToPod, kToPod), to(Table::EgressPrecheck)}, owner);
    }
    for (const auto& address : node_addresses(node)) {
        const Prefix host = Prefix::host(address);
        if (!claims.claim(claims.addresses, host, node.name, "the node is unreachable there")) continue;
        const bool gateway =
            std::ranges::any_of(node.pod_cidrs, [&](const Prefix& cidr) { return cidr.contains(address); });
        if (!gateway) arriving_from(host);
        // Over the underlay instead of the tunnel, for example to a port that this host forwards to
        // a pod. The source is still that node.
        store.add(Table::Classifier, 110, ip_from(host).set(Field::in_port, kLocalPort),
                  {set(kSourceIdentity, other_node_identity(node.name).bits()), to(Table::Conntrack)}, owner);
        // A node is not a pod: no receiver there evaluates the sender's egress policy, so it is
        // evaluated here.
        store.add(Table::Routing, 130, skipped(ip_to(host)), {tunnel_to, port, to(Table::Output)}, owner);
        store.add(Table::Routing, 120, ip_to(host), {tunnel_to, port, to(Table::EgressAdmin)}, owner);
    }
}

} // namespace

std::vector<std::string> compile_nodes(const std::map<std::string, Node>& nodes, const LocalNode& local,
                                       FlowStore& store) {
    NodeClaims claims;
    const auto place = nodes.find(local.name);
    const Node* self = place == nodes.end() ? nullptr : &place->second;
    compile_own_host(local, self, claims, store);
    auto own_endpoint = local.tunnel_address;
    if (!own_endpoint && self != nullptr && !self->addresses.empty()) own_endpoint = self->addresses.front();
    if (!own_endpoint) return claims.warnings; // no underlay yet, so no other node can be reached
    for (const auto& [name, node] : nodes) {
        if (name == local.name) continue;
        if (const auto endpoint = tunnel_endpoint(node, own_endpoint->family))
            compile_other_node(local, node, *endpoint, claims, store);
    }
    return claims.warnings;
}

} // namespace flowgen
