// Addresses of interfaces: add, remove, list, and find the link that carries a given one.
#pragma once

#include "ipam/address.h"
#include "ipam/prefix.h"
#include "ovs-cni/netlink/link.h"
#include "ovs-cni/netlink/socket.h"

#include <compare>
#include <optional>
#include <string>
#include <vector>

namespace ovs_cni::netlink {

struct InterfaceAddress {
    ipam::IpAddress address;
    int length = 0;     ///< of its subnet; 32 or 128 for an address without a subnet
    int link = 0;       ///< index of the interface
    bool global = true; ///< of global scope, so neither link-local nor loopback

    auto operator<=>(const InterfaceAddress&) const = default;
    [[nodiscard]] std::string text() const { return address.text() + "/" + std::to_string(length); }
};

/// Adds the address; an existing one is left as it is. IPv6 addresses are usable at once: duplicate
/// address detection is skipped, because nothing else can have an address from the allocator.
[[nodiscard]] Result<void> add_address(Socket& socket, const InterfaceAddress& address);
/// Removes the address; an absent one is not an error.
[[nodiscard]] Result<void> delete_address(Socket& socket, const InterfaceAddress& address);

/// The addresses of one link, sorted.
[[nodiscard]] Result<std::vector<InterfaceAddress>> addresses_of(Socket& socket, int link);
/// All addresses of this host, sorted.
[[nodiscard]] Result<std::vector<InterfaceAddress>> addresses(Socket& socket);
/// The addresses of global scope on all links of this host: those that other hosts may use for it.
/// Sorted, each once. Addresses on the link named `without` do not count.
[[nodiscard]] Result<std::vector<ipam::IpAddress>> global_addresses(Socket& socket, const std::string& without = {});

/// The link that has this address, such as the one that carries the tunnels; its MTU is the underlay's.
/// Errors: no link of this host has it.
[[nodiscard]] Result<Link> link_with(Socket& socket, const ipam::IpAddress& address);

} // namespace ovs_cni::netlink
