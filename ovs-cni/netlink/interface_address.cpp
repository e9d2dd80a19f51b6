#include "ovs-cni/netlink/interface_address.h"

#include "ovs-cni/netlink/attribute.h"
#include "ovs-cni/netlink/request.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>

namespace ovs_cni::netlink {
namespace {

std::optional<InterfaceAddress> read_address(const nlmsghdr& header) {
    if (header.nlmsg_type != RTM_NEWADDR) return std::nullopt;
    const auto& fixed = *static_cast<const ifaddrmsg*>(nlmsg_data(&header));
    if (fixed.ifa_family != AF_INET && fixed.ifa_family != AF_INET6) return std::nullopt;
    // On a point-to-point link IFA_ADDRESS is the peer's; IFA_LOCAL, where present, is always this
    // side's.
    const auto* attribute = find_attribute<ifaddrmsg>(header, IFA_LOCAL);
    if (!attribute) attribute = find_attribute<ifaddrmsg>(header, IFA_ADDRESS);
    if (!attribute) return std::nullopt;
    return InterfaceAddress{address_from(payload(attribute)), fixed.ifa_prefixlen, static_cast<int>(fixed.ifa_index),
                            fixed.ifa_scope == RT_SCOPE_UNIVERSE};
}

ifaddrmsg fixed_part(const InterfaceAddress& address) {
    ifaddrmsg fixed{};
    fixed.ifa_family = address_family(address.address.family);
    fixed.ifa_prefixlen = static_cast<std::uint8_t>(address.length);
    fixed.ifa_index = static_cast<std::uint32_t>(address.link);
    fixed.ifa_scope = address.global ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    return fixed;
}

Result<std::vector<InterfaceAddress>> list(Socket& socket, int link) {
    ifaddrmsg fixed{};
    fixed.ifa_index = static_cast<std::uint32_t>(link);
    Request request(RTM_GETADDR, NLM_F_DUMP, fixed);
    auto found = socket.collect<InterfaceAddress>(request, read_address);
    if (!found) return fail("cannot list the addresses of this host: " + found.error().reason);
    // Kernels without strict checking ignore the index in the request.
    if (link != 0) std::erase_if(*found, [&](const InterfaceAddress& address) { return address.link != link; });
    std::ranges::sort(*found);
    return std::move(*found);
}

} // namespace

Result<void> add_address(Socket& socket, const InterfaceAddress& address) {
    auto fixed = fixed_part(address);
    if (address.address.family == ipam::Family::IPv6) fixed.ifa_flags = IFA_F_NODAD;
    Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, fixed);
    request.put(IFA_LOCAL, address.address);
    request.put(IFA_ADDRESS, address.address);
    const auto added = socket.change(request);
    if (added || added.error().error == EEXIST) return {};
    return fail("cannot add the address " + address.text() + " to interface number " + std::to_string(address.link) +
                ": " + added.error().reason);
}

Result<void> delete_address(Socket& socket, const InterfaceAddress& address) {
    Request request(RTM_DELADDR, 0, fixed_part(address));
    request.put(IFA_LOCAL, address.address);
    const auto deleted = socket.change(request);
    if (deleted || deleted.error().error == EADDRNOTAVAIL || deleted.error().error == ENODEV) return {};
    return fail("cannot remove the address " + address.text() + " from interface number " +
                std::to_string(address.link) + ": " + deleted.error().reason);
}

Result<std::vector<InterfaceAddress>> addresses_of(Socket& socket, int link) { return list(socket, link); }

Result<std::vector<InterfaceAddress>> addresses(Socket& socket) { return list(socket, 0); }

Result<std::vector<ipam::IpAddress>> global_addresses(Socket& socket, const std::string& without) {
    std::optional<Link> left_out;
    if (!without.empty()) {
        ASSIGN_OR_RETURN(left_out, find_link(socket, without));
    }
    ASSIGN_OR_RETURN(const auto all, addresses(socket));
    std::vector<ipam::IpAddress> global;
    for (const auto& address : all) {
        const bool counts = !left_out || address.link != left_out->index;
        if (address.global && counts) global.push_back(address.address);
    }
    const auto repeated = std::ranges::unique(global);
    global.erase(repeated.begin(), repeated.end());
    return global;
}

Result<Link> link_with(Socket& socket, const ipam::IpAddress& address) {
    ASSIGN_OR_RETURN(const auto all, addresses(socket));
    for (const auto& candidate : all) {
        if (candidate.address != address) continue;
        ASSIGN_OR_RETURN(auto link, find_link(socket, candidate.link));
        if (link) return std::move(*link);
    }
    return fail("no interface of this host has the address " + address.text());
}

} // namespace ovs_cni::netlink
