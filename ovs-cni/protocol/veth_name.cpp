#include "ovs-cni/protocol/veth_name.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace ovs_cni {
namespace {

/// FNV-1a, then the finalizer of SplitMix64, so that every bit of the result depends on all of the text.
std::uint64_t hash(const std::string& text) {
    std::uint64_t value = 0xcbf29ce484222325;
    for (const char c : text) value = (value ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

ipam::MacAddress mac_of(std::uint8_t first, std::uint64_t bits) {
    ipam::MacAddress mac{{first}};
    for (std::size_t i = 1; i < mac.bytes.size(); ++i)
        mac.bytes.at(i) = static_cast<std::uint8_t>(bits >> (8 * (i - 1)));
    return mac;
}

} // namespace

VethIdentity veth_identity(const AttachmentKey& key) {
    // A container id has no '/', so no two keys give the same text.
    const std::uint64_t bits = hash(text(key));
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "ovs%011llx", static_cast<unsigned long long>(bits >> 20));
    return {name.data(), mac_of(0x0e, bits), mac_of(0x0a, bits)};
}

bool is_host_name(std::string_view name) {
    return name.size() == 14 && name.starts_with("ovs") &&
           name.find_first_not_of("0123456789abcdef", 3) == std::string_view::npos;
}

} // namespace ovs_cni
