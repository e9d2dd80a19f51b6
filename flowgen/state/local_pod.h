// This node's attachments, each with the pod that the cluster's state has for it.
//
//   attachments + ClusterState + LabelIndex ──► LocalPods ──► flows of the network and of policy
#pragma once

#include "flowgen/state/label_index.h"
#include "flowgen/state/owner.h"

#include <vector>

namespace flowgen {

/// What the bridge does with an attachment.
enum class Standing : std::uint8_t {
    Pod,    ///< a pod of the cluster, with identity and policy
    NoPod,  ///< attached without Kubernetes arguments: forwarded, never isolated, no identity
    CutOff, ///< recorded as a pod, but no such pod runs on this node: everything is dropped
};

struct LocalPod {
    Attachment attachment;
    Standing standing = Standing::CutOff;
    Labels labels;
    std::vector<ContainerPort> ports;
    Identity identity; ///< {0, 0} unless standing is Pod
    bool isolated_in_ingress = false;
    bool isolated_in_egress = false;

    [[nodiscard]] Owner owner() const;
    /// As a packet's source; see identity.h for the flags.
    [[nodiscard]] U128 source_bits() const;
    /// As a packet's destination.
    [[nodiscard]] U128 destination_bits() const;
};

/// In the order of the attachments' container id and interface.
[[nodiscard]] std::vector<LocalPod> resolve_attachments(const ClusterState& state, const LocalNode& local,
                                                        const LabelIndex& index);

} // namespace flowgen
