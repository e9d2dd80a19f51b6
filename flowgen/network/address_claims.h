// Claims of nodes to address ranges and addresses. Of two nodes that claim the same range only one
// can be reached, and which one must not depend on the order in which objects arrive.
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
    /// Claims `prefix` for `holder`. If another holder has a part of it, returns that holder's
    /// range and name, and changes nothing.
    [[nodiscard]] std::optional<std::string> claim(const ipam::Prefix& prefix, const std::string& holder);

  private:
    struct Range {
        ipam::Prefix prefix;
        std::string holder;
    };
    std::map<ipam::IpAddress, Range> by_first_;
};

} // namespace flowgen
