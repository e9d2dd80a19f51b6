// The changes that bring the bridge in the database to its settings. For this folder's sources
// only.
#pragma once

#include "daemonset/switch/ovsdb/switch_database.h"
#include "daemonset/switch/ovsdb/transaction.h"

namespace agent {

/// Operations that create the bridge or correct the differences to the settings; none when there
/// are none.
[[nodiscard]] Transaction bridge_transaction(const DatabaseView& view, const BridgeSettings& settings);

} // namespace agent
