// What must be written so that the database has the bridge as it should be. For this folder's sources only.
#pragma once

#include "ovs-cni/switch/switch_database.h"
#include "ovs-cni/switch/transaction.h"

namespace ovs_cni {

/// Operations that create the bridge or correct what differs from the settings; none when nothing does.
[[nodiscard]] Transaction bridge_transaction(const DatabaseView& view, const BridgeSettings& settings);

} // namespace ovs_cni
