#include "ovs-cni/netlink/request.h"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <new>

namespace ovs_cni::netlink {
namespace {

/// libnl reports only lack of room, which means lack of memory: its messages are a page long and ours are small.
void require(bool done) {
    if (!done) throw std::bad_alloc();
}

} // namespace

AddressBytes bytes_of(const ipam::IpAddress& address) {
    AddressBytes out;
    out.size = static_cast<std::size_t>(ipam::width(address.family)) / 8;
    for (std::size_t i = 0; i < out.size; ++i)
        out.bytes.at(i) = static_cast<std::uint8_t>(address.bits >> (8 * (out.size - 1 - i)));
    return out;
}

ipam::IpAddress address_from(std::span<const std::uint8_t> bytes) {
    ipam::IpAddress address{bytes.size() == 4 ? ipam::Family::IPv4 : ipam::Family::IPv6, 0};
    for (const auto byte : bytes) address.bits = address.bits << 8 | byte;
    return address;
}

std::uint8_t address_family(ipam::Family family) { return family == ipam::Family::IPv4 ? AF_INET : AF_INET6; }

void Request::Freer::operator()(nl_msg* message) const { nlmsg_free(message); }

Request::Request(int type, int flags) : message_(nlmsg_alloc_simple(type, NLM_F_REQUEST | flags)) {
    require(message_ != nullptr);
}

void Request::append(const void* bytes, std::size_t size) {
    require(nlmsg_append(message_.get(), const_cast<void*>(bytes), size, NLMSG_ALIGNTO) == 0);
}

void Request::put_bytes(int attribute, const void* bytes, std::size_t size) {
    require(nla_put(message_.get(), attribute, static_cast<int>(size), bytes) == 0);
}

void Request::put(int attribute, std::uint32_t value) { put_bytes(attribute, &value, sizeof value); }

void Request::put(int attribute, std::uint8_t value) { put_bytes(attribute, &value, sizeof value); }

void Request::put(int attribute, const std::string& value) { put_bytes(attribute, value.c_str(), value.size() + 1); }

void Request::put(int attribute, const ipam::IpAddress& value) {
    const auto [bytes, size] = bytes_of(value);
    put_bytes(attribute, bytes.data(), size);
}

void Request::put(int attribute, const ipam::MacAddress& value) {
    put_bytes(attribute, value.bytes.data(), value.bytes.size());
}

nlattr* Request::begin_nested(int attribute) {
    nlattr* nested = nla_nest_start(message_.get(), attribute);
    require(nested != nullptr);
    return nested;
}

void Request::end_nested(nlattr* nested) { nla_nest_end(message_.get(), nested); }

} // namespace ovs_cni::netlink
