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

/// An attachment that was made, and how to take it back when its result cannot be handed over.
struct Added {
    AttachmentResult result;
    Undo undo;
};

/// Connects the sandbox. When it fails, everything is as before: the veth is gone and the agent has forgotten the
/// attachment; the details say so where even that failed.
[[nodiscard]] CniResult<Added> add(const Environment& environment, const NetworkConfiguration& configuration);

/// Disconnects, whatever is left to disconnect. The veth goes even when the agent cannot be told; then it is kTryAgain,
/// as the address stays taken until the agent hears of it, by the next DEL or by GC.
[[nodiscard]] CniResult<void> del(const Environment& environment, const NetworkConfiguration& configuration);

/// Compares what is there with prevResult and with the agent's record. Error kDiffers names every difference.
[[nodiscard]] CniResult<void> check(const Environment& environment, const NetworkConfiguration& configuration);

/// Removes the attachments of this network that are not in cni.dev/valid-attachments.
[[nodiscard]] CniResult<void> gc(const NetworkConfiguration& configuration);

/// Whether ADD can be served. Errors: kNotAvailable, kLimited.
[[nodiscard]] CniResult<void> status(const NetworkConfiguration& configuration);

} // namespace ovs_cni
