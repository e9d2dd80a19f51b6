// nftables, run through libnftables: a ruleset text goes in as one transaction.
//
//   ruleset text ──► replace (all or nothing) ──► kernel ──► listing, to notice when somebody else changed it
#pragma once

#include "ipam/error.h"

#include <string>

namespace agent {

/// Runs this text as one transaction: all of it happens or none. Errors carry the library's own words.
[[nodiscard]] ipam::Result<void> run_nftables(const std::string& text);

/// What `nft list table FAMILY NAME` prints; empty when there is no such table.
[[nodiscard]] ipam::Result<std::string> list_nftables(const std::string& table);

} // namespace agent
