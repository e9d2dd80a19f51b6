// Who has an address range or an address first: two nodes that claim the same cannot both be reached, and which of them
// is must not depend on the order in which objects arrive.
#pragma once

#include "ipam/prefix.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace flowgen {

/// Ranges that do not overlap, each with the name of its holder.
class AddressClaims {
  public:
    /// Claims `prefix` for `holder`. If another one holds a part of it: that one's range and name, and nothing changes.
    [[nodiscard]] std::optional<std::string> claim(const ipam::Prefix& prefix, const std::string& holder);

  private:
    struct Range {
        ipam::Prefix prefix;
        std::string holder;
    };
    std::map<ipam::IpAddress, Range> by_first_;
};

} // namespace flowgen
