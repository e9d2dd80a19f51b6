#include "flowgen/state/local_pod.h"

#include "flowgen/state/policy_selection.h"

#include <algorithm>
#include <tuple>

namespace flowgen {
namespace {

/// The running pod that the attachment belongs to. A pod that was recreated under the same name has
/// another uid, and the old sandbox must not pass for the new pod.
const Pod* find_pod(const ClusterState& state, const std::string& node, const Attachment& attachment) {
    const auto place = state.pods.find(*attachment.pod);
    if (place == state.pods.end()) return nullptr;
    const Pod& pod = place->second;
    const bool other_life = !pod.uid.empty() && !attachment.pod_uid.empty() && pod.uid != attachment.pod_uid;
    return pod.finished || pod.host_network || pod.node != node || other_life ? nullptr : &pod;
}

LocalPod resolve(const ClusterState& state, const std::string& node, const LabelIndex& index,
                 const Attachment& attachment) {
    LocalPod local;
    local.attachment = attachment;
    if (!attachment.pod) {
        local.standing = Standing::NoPod;
        return local;
    }
    const Pod* pod = find_pod(state, node, attachment);
    if (pod == nullptr || index.refused(pod->id.namespace_)) return local;
    local.standing = Standing::Pod;
    local.labels = pod->labels;
    local.ports = pod->ports;
    local.identity = pod_identity(pod->id.namespace_, pod->labels);
    const auto isolated = [&](Direction direction) {
        return !policies_selecting(state, pod->id.namespace_, pod->labels, direction).empty();
    };
    local.isolated_in_ingress = isolated(Direction::Ingress);
    local.isolated_in_egress = isolated(Direction::Egress);
    return local;
}

} // namespace

Owner LocalPod::owner() const {
    if (attachment.pod) return {OwnerCategory::Pod, attachment.pod->text()};
    return {OwnerCategory::Attachment, attachment.container_id + " " + attachment.interface};
}

U128 LocalPod::source_bits() const {
    return standing == Standing::Pod ? identity.bits() | kFlagPod | (isolated_in_egress ? kFlagIsolated : U128{0})
                                     : U128{0};
}

U128 LocalPod::destination_bits() const {
    return standing == Standing::Pod ? identity.bits() | kFlagPod | (isolated_in_ingress ? kFlagIsolated : U128{0})
                                     : U128{0};
}

std::vector<LocalPod> resolve_attachments(const ClusterState& state, const LocalNode& local, const LabelIndex& index) {
    std::vector<LocalPod> out;
    for (const auto& attachment : local.attachments) out.push_back(resolve(state, local.name, index, attachment));
    std::ranges::sort(out, {},
                      [](const LocalPod& p) { return std::tie(p.attachment.container_id, p.attachment.interface); });
    return out;
}

} // namespace flowgen
