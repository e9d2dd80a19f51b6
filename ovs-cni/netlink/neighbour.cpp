#include "ovs-cni/netlink/neighbour.h"

#include "ovs-cni/netlink/attribute.h"
#include "ovs-cni/netlink/request.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>

namespace ovs_cni::netlink {
namespace {

std::optional<Neighbour> read_neighbour(const nlmsghdr& header) {
    if (header.nlmsg_type != RTM_NEWNEIGH) return std::nullopt;
    const auto& fixed = *static_cast<const ndmsg*>(nlmsg_data(&header));
    if (!(fixed.ndm_state & NUD_PERMANENT) || (fixed.ndm_family != AF_INET && fixed.ndm_family != AF_INET6))
        return std::nullopt;
    const auto* const address = find_attribute<ndmsg>(header, NDA_DST);
    const auto* const mac = find_attribute<ndmsg>(header, NDA_LLADDR);
    Neighbour neighbour;
    if (!address || !mac || payload(mac).size() != neighbour.mac.bytes.size()) return std::nullopt;
    neighbour.address = address_from(payload(address));
    std::ranges::copy(payload(mac), neighbour.mac.bytes.begin());
    neighbour.link = fixed.ndm_ifindex;
    return neighbour;
}

} // namespace

Result<void> replace_neighbour(Socket& socket, const Neighbour& neighbour) {
    ndmsg fixed{};
    fixed.ndm_family = address_family(neighbour.address.family);
    fixed.ndm_ifindex = neighbour.link;
    fixed.ndm_state = NUD_PERMANENT;
    Request request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, fixed);
    request.put(NDA_DST, neighbour.address);
    request.put(NDA_LLADDR, neighbour.mac);
    const auto replaced = socket.change(request);
    if (replaced) return {};
    return fail("cannot set the neighbour " + neighbour.address.text() + " to " + neighbour.mac.text() +
                " on interface number " + std::to_string(neighbour.link) + ": " + replaced.error().reason);
}

Result<std::vector<Neighbour>> permanent_neighbours(Socket& socket, int link) {
    Request request(RTM_GETNEIGH, NLM_F_DUMP, ndmsg{});
    request.put(NDA_IFINDEX, static_cast<std::uint32_t>(link));
    auto found = socket.collect<Neighbour>(request, read_neighbour);
    if (!found)
        return fail("cannot list the neighbours of interface number " + std::to_string(link) + ": " +
                    found.error().reason);
    std::erase_if(*found, [&](const Neighbour& neighbour) { return neighbour.link != link; });
    std::ranges::sort(*found);
    return std::move(*found);
}

} // namespace ovs_cni::netlink
