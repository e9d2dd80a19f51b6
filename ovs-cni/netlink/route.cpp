#include "ovs-cni/netlink/route.h"

#include "ovs-cni/netlink/attribute.h"
#include "ovs-cni/netlink/request.h"

#include <linux/rtnetlink.h>

#include <algorithm>

namespace ovs_cni::netlink {
namespace {

int mtu_among(const nlattr* metrics) {
    nlattr* mtu = nla_find(static_cast<const nlattr*>(nla_data(metrics)), nla_len(metrics), RTAX_MTU);
    return mtu ? static_cast<int>(nla_get_u32(mtu)) : 0;
}

std::optional<Route> read_route(const nlmsghdr& header) {
    if (header.nlmsg_type != RTM_NEWROUTE) return std::nullopt;
    const auto& fixed = *static_cast<const rtmsg*>(nlmsg_data(&header));
    if (fixed.rtm_type != RTN_UNICAST || (fixed.rtm_flags & RTM_F_CLONED)) return std::nullopt;
    if (fixed.rtm_family != AF_INET && fixed.rtm_family != AF_INET6) return std::nullopt;
    Route route;
    const auto family = fixed.rtm_family == AF_INET ? ipam::Family::IPv4 : ipam::Family::IPv6;
    route.destination = {{family, 0}, fixed.rtm_dst_len};
    route.protocol = fixed.rtm_protocol;
    std::uint32_t table = fixed.rtm_table;
    int left = nlmsg_attrlen(&header, sizeof fixed);
    for (auto* attribute = nlmsg_attrdata(&header, sizeof fixed); nla_ok(attribute, left);
         attribute = nla_next(attribute, &left)) {
        switch (nla_type(attribute)) {
        case RTA_DST:
            route.destination.address = address_from(payload(attribute));
            break;
        case RTA_GATEWAY:
            route.gateway = address_from(payload(attribute));
            break;
        case RTA_PREFSRC:
            route.source = address_from(payload(attribute));
            break;
        case RTA_OIF:
            route.link = static_cast<int>(nla_get_u32(attribute));
            break;
        case RTA_METRICS:
            route.mtu = mtu_among(attribute);
            break;
        case RTA_TABLE:
            table = nla_get_u32(attribute);
            break;
        default:
            break;
        }
    }
    if (table != RT_TABLE_MAIN) return std::nullopt;
    return route;
}

Request request_for(int type, int flags, const Route& route) {
    rtmsg fixed{};
    fixed.rtm_family = address_family(route.destination.family());
    fixed.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length);
    fixed.rtm_table = RT_TABLE_MAIN;
    fixed.rtm_protocol = route.protocol;
    fixed.rtm_type = RTN_UNICAST;
    // IPv6 has no scopes of routes; for IPv4 a destination without a gateway is on the link.
    const bool on_link = !route.gateway && route.destination.family() == ipam::Family::IPv4;
    fixed.rtm_scope = on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    if (route.gateway) fixed.rtm_flags = RTNH_F_ONLINK;
    Request request(type, flags, fixed);
    if (route.destination.length > 0) request.put(RTA_DST, route.destination.address);
    if (route.gateway) request.put(RTA_GATEWAY, *route.gateway);
    if (route.source) request.put(RTA_PREFSRC, *route.source);
    if (route.link != 0) request.put(RTA_OIF, static_cast<std::uint32_t>(route.link));
    if (route.mtu != 0) {
        auto* const metrics = request.begin_nested(RTA_METRICS);
        request.put(RTAX_MTU, static_cast<std::uint32_t>(route.mtu));
        request.end_nested(metrics);
    }
    return request;
}

std::unexpected<outcome::Error> not_set(const Route& route, const Refusal& refusal) {
    return fail("cannot set the route " + route.text() + " over interface number " + std::to_string(route.link) + ": " +
                refusal.reason);
}

/// The routes of both families for which `wanted` holds.
Result<std::vector<Route>> list(Socket& socket, const rtmsg& filter, int link,
                                const std::function<bool(const Route&)>& wanted) {
    std::vector<Route> all;
    for (const auto family : {ipam::Family::IPv4, ipam::Family::IPv6}) {
        auto fixed = filter;
        fixed.rtm_family = address_family(family);
        fixed.rtm_table = RT_TABLE_MAIN;
        Request request(RTM_GETROUTE, NLM_F_DUMP, fixed);
        if (link != 0) request.put(RTA_OIF, static_cast<std::uint32_t>(link));
        auto found = socket.collect<Route>(request, read_route);
        // ENOENT: the family has no such table, because no route was ever added to it.
        if (!found && found.error().error == ENOENT) continue;
        if (!found) return fail("cannot list the routes of this host: " + found.error().reason);
        std::ranges::copy_if(*found, std::back_inserter(all), wanted);
    }
    std::ranges::sort(all);
    return all;
}

} // namespace

std::string Route::text() const {
    std::string out = destination.text();
    if (gateway) out += " via " + gateway->text();
    if (source) out += " src " + source->text();
    if (mtu != 0) out += " mtu " + std::to_string(mtu);
    return out;
}

Result<bool> add_route(Socket& socket, const Route& route) {
    auto request = request_for(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
    const auto added = socket.change(request);
    if (added) return true;
    if (added.error().error == EEXIST) return false;
    return not_set(route, added.error());
}

Result<void> replace_route(Socket& socket, const Route& route) {
    auto request = request_for(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
    const auto replaced = socket.change(request);
    if (!replaced) return not_set(route, replaced.error());
    return {};
}

Result<void> delete_route(Socket& socket, const Route& route) {
    auto request = request_for(RTM_DELROUTE, 0, route);
    const auto deleted = socket.change(request);
    if (deleted || deleted.error().error == ESRCH || deleted.error().error == ENODEV) return {};
    return fail("cannot remove the route " + route.text() + ": " + deleted.error().reason);
}

Result<std::vector<Route>> routes_over(Socket& socket, int link) {
    return list(socket, {}, link, [&](const Route& route) { return route.link == link; });
}

Result<std::vector<Route>> routes_of_protocol(Socket& socket, std::uint8_t protocol) {
    rtmsg filter{};
    filter.rtm_protocol = protocol;
    return list(socket, filter, 0, [&](const Route& route) { return route.protocol == protocol; });
}

} // namespace ovs_cni::netlink
