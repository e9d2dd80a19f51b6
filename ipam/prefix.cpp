#include "ipam/prefix.h"

#include <algorithm>
#include <charconv>

namespace ipam {
namespace {

U128 mask_of(Family family, int length) {
    const int bits = width(family);
    if (length == 0) return 0;
    const U128 all = bits == 128 ? ~U128{0} : (U128{1} << bits) - 1;
    return all & ~(length == bits ? U128{0} : (U128{1} << (bits - length)) - 1);
}

/// Splits `prefix` in halves until a half is either free of holes or inside one.
void collect_free(const Prefix& prefix, std::span<const Prefix> holes, std::vector<Prefix>& free) {
    if (std::ranges::any_of(holes, [&](const Prefix& hole) { return hole.contains(prefix); })) return;
    if (std::ranges::none_of(holes, [&](const Prefix& hole) { return hole.overlaps(prefix); })) {
        free.push_back(prefix);
        return;
    }
    // A hole overlaps without covering, so it is longer than the prefix, and the prefix has room
    // for two halves.
    Prefix low = prefix;
    ++low.length;
    Prefix high = low;
    high.address.bits |= U128{1} << (width(prefix.family()) - low.length);
    collect_free(low, holes, free);
    collect_free(high, holes, free);
}

} // namespace

outcome::Result<Prefix> Prefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    const std::string quoted = "'" + std::string(text) + "'";
    if (slash == std::string_view::npos) return outcome::fail(quoted + " is not a CIDR: the prefix length is missing");
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return outcome::fail(quoted + " is not a CIDR: " + address.error().message);
    const auto digits = text.substr(slash + 1);
    int length = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length < 0 || length > width(address->family))
        return outcome::fail(quoted + " is not a CIDR: the prefix length must be a number from 0 to " +
                             std::to_string(width(address->family)));
    return covering(*address, length);
}

Prefix Prefix::covering(const IpAddress& address, int length) {
    return {{address.family, address.bits & mask_of(address.family, length)}, length};
}

Prefix Prefix::host(const IpAddress& address) { return {address, width(address.family)}; }

U128 Prefix::mask() const { return mask_of(family(), length); }

bool Prefix::contains(const IpAddress& other) const {
    return other.family == family() && (other.bits & mask()) == address.bits;
}

bool Prefix::contains(const Prefix& other) const { return other.length >= length && contains(other.address); }

bool Prefix::overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }

IpAddress Prefix::last() const { return {family(), address.bits | (mask_of(family(), width(family())) & ~mask())}; }

std::string Prefix::text() const { return address.text() + "/" + std::to_string(length); }

std::vector<Prefix> subtract(const Prefix& prefix, std::span<const Prefix> holes) {
    std::vector<Prefix> free;
    collect_free(prefix, holes, free);
    return free;
}

} // namespace ipam
