#include "ovs-cni/netlink/link.h"

#include "ovs-cni/netlink/request.h"

// The kernel's headers come after <net/if.h>, because they repeat a part of it.
#include <net/if.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>

namespace ovs_cni::netlink {
namespace {

/// Counters are most of the kernel's answer about a link, and nothing here reads them.
constexpr std::uint32_t kWithoutCounters = 1U << 3; // RTEXT_FILTER_SKIP_STATS

std::string kind_of(const nlattr* about) {
    nlattr* const kind = nla_find(static_cast<const nlattr*>(nla_data(about)), nla_len(about), IFLA_INFO_KIND);
    return kind ? nla_get_string(kind) : std::string();
}

std::optional<Link> read_link(const nlmsghdr& header) {
    if (header.nlmsg_type != RTM_NEWLINK) return std::nullopt;
    const auto& fixed = *static_cast<const ifinfomsg*>(nlmsg_data(&header));
    Link link;
    link.index = fixed.ifi_index;
    link.up = (fixed.ifi_flags & IFF_UP) != 0;
    int left = nlmsg_attrlen(&header, sizeof fixed);
    for (auto* attribute = nlmsg_attrdata(&header, sizeof fixed); nla_ok(attribute, left);
         attribute = nla_next(attribute, &left)) {
        switch (nla_type(attribute)) {
        case IFLA_IFNAME:
            link.name = nla_get_string(attribute);
            break;
        case IFLA_MTU:
            link.mtu = static_cast<int>(nla_get_u32(attribute));
            break;
        case IFLA_LINK:
            link.peer_index = static_cast<int>(nla_get_u32(attribute));
            break;
        case IFLA_LINKINFO:
            link.kind = kind_of(attribute);
            break;
        case IFLA_ADDRESS:
            if (nla_len(attribute) == static_cast<int>(link.mac.bytes.size()))
                std::copy_n(static_cast<const std::uint8_t*>(nla_data(attribute)), link.mac.bytes.size(),
                            link.mac.bytes.begin());
            break;
        default:
            break;
        }
    }
    return link;
}

Result<std::optional<Link>> find(Socket& socket, Request& request, const std::string& whom) {
    request.put(IFLA_EXT_MASK, kWithoutCounters);
    std::optional<Link> found;
    const auto answered = socket.ask(request, [&](const nlmsghdr& header) { found = read_link(header); });
    if (answered) return found;
    if (answered.error().error == ENODEV) return std::optional<Link>();
    return fail("cannot look up the interface " + whom + ": " + answered.error().reason);
}

} // namespace

Result<void> create_veth(Socket& host, const VethPair& pair, const NetworkNamespace& sandbox) {
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
    request.put(IFLA_IFNAME, pair.host_name);
    request.put(IFLA_ADDRESS, pair.host_mac);
    auto* const kind = request.begin_nested(IFLA_LINKINFO);
    request.put(IFLA_INFO_KIND, std::string("veth"));
    auto* const kind_part = request.begin_nested(IFLA_INFO_DATA);
    auto* const peer = request.begin_nested(VETH_INFO_PEER);
    request.append_header(ifinfomsg{});
    request.put(IFLA_IFNAME, pair.sandbox_name);
    request.put(IFLA_ADDRESS, pair.sandbox_mac);
    request.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(sandbox.fd()));
    request.end_nested(peer);
    request.end_nested(kind_part);
    request.end_nested(kind);
    if (const auto made = host.change(request); !made)
        return fail("cannot create the veth pair " + pair.host_name + " (host) and " + pair.sandbox_name +
                    " (sandbox): " + made.error().reason);
    return {};
}

Result<std::optional<Link>> find_link(Socket& socket, const std::string& name) {
    Request request(RTM_GETLINK, 0, ifinfomsg{});
    request.put(IFLA_IFNAME, name);
    return find(socket, request, name);
}

Result<std::optional<Link>> find_link(Socket& socket, int index) {
    ifinfomsg fixed{};
    fixed.ifi_index = index;
    Request request(RTM_GETLINK, 0, fixed);
    return find(socket, request, "number " + std::to_string(index));
}

Result<std::vector<Link>> links(Socket& socket) {
    Request request(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
    request.put(IFLA_EXT_MASK, kWithoutCounters);
    auto found = socket.collect<Link>(request, read_link);
    if (!found) return fail("cannot list the interfaces: " + found.error().reason);
    return std::move(*found);
}

Result<void> set_link(Socket& socket, const std::string& name, const LinkChange& change) {
    // The kernel looks at the address generation mode last, when a link that comes up in the same
    // message already has an address.
    if (change.without_link_local && (change.mac || change.mtu || change.up)) {
        RETURN_IF_ERROR(set_link(socket, name, {.mac = {}, .mtu = {}, .up = {}, .without_link_local = true}));
    }
    ifinfomsg fixed{};
    if (change.up) {
        fixed.ifi_change = IFF_UP;
        fixed.ifi_flags = *change.up ? IFF_UP : 0;
    }
    Request request(RTM_NEWLINK, 0, fixed);
    request.put(IFLA_IFNAME, name);
    if (change.mac) request.put(IFLA_ADDRESS, *change.mac);
    if (change.mtu) request.put(IFLA_MTU, static_cast<std::uint32_t>(*change.mtu));
    if (change.without_link_local && !change.mac && !change.mtu && !change.up) {
        auto* const families = request.begin_nested(IFLA_AF_SPEC);
        auto* const inet6 = request.begin_nested(AF_INET6);
        request.put(IFLA_INET6_ADDR_GEN_MODE, static_cast<std::uint8_t>(IN6_ADDR_GEN_MODE_NONE));
        request.end_nested(inet6);
        request.end_nested(families);
    }
    const auto set = socket.change(request);
    if (!set) return fail("cannot set the interface " + name + ": " + set.error().reason);
    return {};
}

Result<bool> delete_link(Socket& socket, const std::string& name) {
    Request request(RTM_DELLINK, 0, ifinfomsg{});
    request.put(IFLA_IFNAME, name);
    const auto deleted = socket.change(request);
    if (deleted) return true;
    if (deleted.error().error == ENODEV) return false;
    return fail("cannot remove the interface " + name + ": " + deleted.error().reason);
}

} // namespace ovs_cni::netlink
