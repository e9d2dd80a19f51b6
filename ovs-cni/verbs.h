// The verbs of the CNI specification, as the plugin serves them.
//
//   Environment + NetworkConfiguration ──► add | del | check | gc | status ──► text for standard output, or CniError
#pragma once

#include "ovs-cni/cni_result.h"
#include "ovs-cni/environment.h"
#include "ovs-cni/network_configuration.h"
#include "ovs-cni/protocol/cni_error.h"
#include "ovs-cni/undo.h"

namespace ovs_cni {

/// A new attachment, and how to undo it when its result cannot be delivered.
struct Added {
    AttachmentResult result;
    Undo undo;
};

/// Connects the sandbox. ADD is atomic: on failure every step is rolled back, so the veth is gone
/// and the agent has forgotten the attachment. The details name the steps whose rollback failed.
[[nodiscard]] CniResult<Added> add(const Environment& environment, const NetworkConfiguration& configuration);

/// Disconnects whatever is left to disconnect. The veth is removed even when the agent cannot be
/// reached. The error is then kTryAgain, because the address stays in use until the next DEL or GC
/// reaches the agent.
[[nodiscard]] CniResult<void> del(const Environment& environment, const NetworkConfiguration& configuration);

/// Compares the attachment with prevResult and with the agent's record. Error kDiffers names every
/// difference.
[[nodiscard]] CniResult<void> check(const Environment& environment, const NetworkConfiguration& configuration);

/// Removes the attachments of this network that are not in cni.dev/valid-attachments.
[[nodiscard]] CniResult<void> gc(const NetworkConfiguration& configuration);

/// Whether ADD can be served. Errors: kNotAvailable, kLimited.
[[nodiscard]] CniResult<void> status(const NetworkConfiguration& configuration);

} // namespace ovs_cni
