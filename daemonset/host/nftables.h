// nftables, run through libnftables: a ruleset text goes in as one transaction.
//
//   ruleset text ──► replace (all or nothing) ──► kernel ──► listing, to notice changes by other components
#pragma once

#include "outcome/result.h"

#include <string>

namespace agent {

/// Runs this text as one atomic transaction. Errors carry the library's own words.
[[nodiscard]] outcome::Result<void> run_nftables(const std::string& text);

/// What `nft list table FAMILY NAME` prints; empty when there is no such table.
[[nodiscard]] outcome::Result<std::string> list_nftables(const std::string& table);

} // namespace agent
