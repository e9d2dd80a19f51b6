// One rtnetlink message under construction. Only the files of this folder use it.
#pragma once

#include "ipam/address.h"

#include <linux/netlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct nl_msg;

namespace ovs_cni::netlink {

/// The bytes of an address in network order: 4 or 16, at the front of the array.
struct AddressBytes {
    std::array<std::uint8_t, 16> bytes{};
    std::size_t size = 0;
};

[[nodiscard]] AddressBytes bytes_of(const ipam::IpAddress& address);
/// The address that 4 or 16 bytes in network order spell; nothing is assumed about their alignment.
[[nodiscard]] ipam::IpAddress address_from(std::span<const std::uint8_t> bytes);
/// AF_INET or AF_INET6.
[[nodiscard]] std::uint8_t address_family(ipam::Family family);

class Request {
  public:
    /// `type` is RTM_..., `flags` NLM_F_... beyond NLM_F_REQUEST, `header` the fixed part, such as an ifinfomsg.
    template <typename Header> Request(int type, int flags, const Header& header) : Request(type, flags) {
        append(&header, sizeof header);
    }

    void put(int attribute, std::uint32_t value);
    void put(int attribute, std::uint8_t value);
    void put(int attribute, const std::string& value); ///< with its terminating zero
    void put(int attribute, const ipam::IpAddress& value);
    void put(int attribute, const ipam::MacAddress& value);
    /// Attributes put until the matching `end_nested` go inside.
    [[nodiscard]] nlattr* begin_nested(int attribute);
    void end_nested(nlattr* nested);
    /// A fixed part in the middle of the message, as VETH_INFO_PEER has one.
    template <typename Header> void append_header(const Header& header) { append(&header, sizeof header); }

    [[nodiscard]] nl_msg* message() const { return message_.get(); }

  private:
    struct Freer {
        void operator()(nl_msg* message) const;
    };

    Request(int type, int flags);
    void append(const void* bytes, std::size_t size);
    void put_bytes(int attribute, const void* bytes, std::size_t size);

    std::unique_ptr<nl_msg, Freer> message_;
};

} // namespace ovs_cni::netlink
