// The network configuration that the runtime writes to the plugin's standard input, checked.
// Source: CNI specification, section 1, "Plugin configuration objects", and section 3, "Deriving execution
// configuration".
#pragma once

#include "ovs-cni/cni_result.h"
#include "ovs-cni/cni_version.h"
#include "ovs-cni/environment.h"
#include "ovs-cni/protocol/agent_protocol.h"
#include "ovs-cni/protocol/cni_error.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ovs_cni {

struct NetworkConfiguration {
    CniVersion cni_version = kNewestCniVersion;
    std::string name;                               ///< of the network; attachments are recorded under it
    std::string agent_socket = kDefaultAgentSocket; ///< agentSocket: path of the agent's unix socket
    /// agentTimeoutSeconds: how long one verb waits for the agent. It must be longer than the agent's own wait for a
    /// pod.
    std::chrono::seconds agent_timeout{60};
    std::string dns = "{}"; ///< dns: passed on in the result, JSON text
    std::optional<AttachmentResult> previous_result;
    std::vector<AttachmentKey> valid_attachments; ///< GC: cni.dev/valid-attachments
};

/// The cniVersion of a configuration, for the version of the answer; nothing when it is absent or
/// not supported.
[[nodiscard]] std::optional<CniVersion> cni_version_of(std::string_view configuration);

/// The configuration for this verb. Unknown fields are ignored.
/// Errors: kDecode (not JSON), kIncompatibleVersion (cniVersion not ours, or without this verb),
/// kInvalidConfig (a field is missing, malformed or in the wrong place), kUnsupportedField (an IPAM
/// plugin is named).
[[nodiscard]] CniResult<NetworkConfiguration> read_configuration(std::string_view text, Verb verb);

} // namespace ovs_cni
