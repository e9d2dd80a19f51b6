// Reads attributes of rtnetlink messages. Only the files of this folder use it.
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstdint>
#include <span>

namespace ovs_cni::netlink {

[[nodiscard]] inline std::span<const std::uint8_t> payload(const nlattr* attribute) {
    return {static_cast<const std::uint8_t*>(nla_data(attribute)), static_cast<std::size_t>(nla_len(attribute))};
}

/// The attribute of this type behind the message's fixed part; null when it has none.
template <typename Fixed> [[nodiscard]] const nlattr* find_attribute(const nlmsghdr& header, int type) {
    // libnl only reads, but its interface is not const.
    return nlmsg_find_attr(const_cast<nlmsghdr*>(&header), sizeof(Fixed), type);
}

} // namespace ovs_cni::netlink
