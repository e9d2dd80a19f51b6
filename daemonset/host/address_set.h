// Addresses in nftables' syntax.
#pragma once

#include "ipam/prefix.h"

#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// "4" or "6", at the end of a set's name.
[[nodiscard]] std::string_view suffix(ipam::Family family);
/// The header with this family's addresses: "ip" or "ip6".
[[nodiscard]] std::string_view header(ipam::Family family);

/// The named set of the prefixes of this family, for a table's block. They may overlap.
[[nodiscard]] std::string address_set(std::string_view set_name, const std::vector<ipam::Prefix>& prefixes,
                                      ipam::Family family);

} // namespace agent
