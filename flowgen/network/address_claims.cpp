#include "flowgen/network/address_claims.h"

namespace flowgen {

std::optional<std::string> AddressClaims::claim(const ipam::Prefix& prefix, const std::string& holder) {
    // The ranges do not overlap each other, so only the last one that begins before the end of `prefix` can overlap it
    // without lying inside, and if any lies inside, that one does.
    auto next = by_first_.upper_bound(prefix.last());
    if (next != by_first_.begin()) {
        const auto& before = std::prev(next)->second;
        if (before.prefix.overlaps(prefix)) {
            if (before.holder == holder && before.prefix == prefix) return std::nullopt;
            return before.prefix.text() + " of " + before.holder;
        }
    }
    by_first_.emplace(prefix.first(), Range{prefix, holder});
    return std::nullopt;
}

} // namespace flowgen
