// Links: create and remove veth pairs, examine and change any link.
#pragma once

#include "ipam/address.h"
#include "ovs-cni/netlink/network_namespace.h"
#include "ovs-cni/netlink/socket.h"

#include <compare>
#include <optional>
#include <string>
#include <vector>

namespace ovs_cni::netlink {

struct Link {
    int index = 0;
    std::string name;
    std::string kind; ///< "veth", "bridge", ...; empty for hardware and loopback
    ipam::MacAddress mac;
    int mtu = 0; ///< bytes
    bool up = false;
    int peer_index = 0; ///< of a veth: its other end, as an index in that end's namespace

    auto operator<=>(const Link&) const = default;
};

/// What `set_link` changes; absent fields stay as they are.
struct LinkChange {
    std::optional<ipam::MacAddress> mac;
    std::optional<int> mtu; ///< bytes
    std::optional<bool> up;
    bool without_link_local = false; ///< keep the kernel from giving it an IPv6 link-local address when it comes up
};

/// A veth pair with one end in the host and one in a sandbox.
struct VethPair {
    std::string host_name;
    ipam::MacAddress host_mac;
    std::string sandbox_name;
    ipam::MacAddress sandbox_mac;
};

/// Creates the pair with the sandbox's end already in `sandbox`, because moving it later would cost
/// milliseconds. Both are down. Errors: one of the names is taken, or the kernel's reason.
[[nodiscard]] Result<void> create_veth(Socket& host, const VethPair& pair, const NetworkNamespace& sandbox);

/// The link of this name; nothing when there is none.
[[nodiscard]] Result<std::optional<Link>> find_link(Socket& socket, const std::string& name);
/// The link of this index; nothing when there is none.
[[nodiscard]] Result<std::optional<Link>> find_link(Socket& socket, int index);
[[nodiscard]] Result<std::vector<Link>> links(Socket& socket);

/// Changes an existing link. Errors name the link and the kernel's reason.
[[nodiscard]] Result<void> set_link(Socket& socket, const std::string& name, const LinkChange& change);

/// Removes a link, and the other end of a veth. Returns whether a link of this name existed.
[[nodiscard]] Result<bool> delete_link(Socket& socket, const std::string& name);

} // namespace ovs_cni::netlink
