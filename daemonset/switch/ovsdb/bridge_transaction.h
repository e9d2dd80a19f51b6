// What must be written so that the database has the bridge as it should be. For this folder's sources only.
#pragma once

#include "daemonset/switch/ovsdb/switch_database.h"
#include "daemonset/switch/ovsdb/transaction.h"

namespace agent {

/// Operations that create the bridge or correct what differs from the settings; none when nothing does.
[[nodiscard]] Transaction bridge_transaction(const DatabaseView& view, const BridgeSettings& settings);

} // namespace agent
