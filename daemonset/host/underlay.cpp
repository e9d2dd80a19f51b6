#include "daemonset/host/underlay.h"

#include "flowgen/flow/pipeline.h"
#include "ovs-cni/netlink/interface_address.h"

namespace agent {

int tunnel_overhead(ipam::Family family) {
    constexpr int udp = 8, geneve = 8, option_header = 4, inner_ethernet = 14;
    return (family == ipam::Family::IPv4 ? 20 : 40) + udp + geneve + option_header + flowgen::kOptionBytes +
           inner_ethernet;
}

outcome::Result<ipam::IpAddress> tunnel_address(const NodeConfiguration& configuration,
                                                const flowgen::ClusterState& state) {
    if (configuration.tunnel_address) return *configuration.tunnel_address;
    const auto node = state.nodes.find(configuration.node);
    if (node == state.nodes.end()) return outcome::fail("there is no Node object \"" + configuration.node + "\"");
    if (node->second.addresses.empty())
        return outcome::fail("the Node object \"" + configuration.node +
                             "\" has no InternalIP in status.addresses, and tunnelAddress is not configured");
    return node->second.addresses.front();
}

outcome::Result<Underlay> find_underlay(ovs_cni::netlink::Socket& socket, const ipam::IpAddress& address) {
    const auto link = ovs_cni::netlink::link_with(socket, address);
    if (!link) return outcome::fail("find the underlay's link: " + link.error().message);
    return Underlay{address, link->name, link->mtu};
}

int pod_mtu(int configured, const Underlay& underlay) {
    return configured > 0 ? configured : underlay.mtu - tunnel_overhead(underlay.address.family);
}

} // namespace agent
