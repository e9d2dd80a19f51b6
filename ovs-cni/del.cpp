#include "ovs-cni/agent_call.h"
#include "ovs-cni/netlink/vanishing_link.h"
#include "ovs-cni/protocol/veth_name.h"
#include "ovs-cni/verbs.h"

namespace ovs_cni {
namespace {

CniResult<void> remove_link(const std::string& name) {
    if (const auto deleted = netlink::delete_link_soon(name); !deleted)
        return cni_fail(cni_code::kKernelRefused, deleted.error().message);
    return {};
}

/// The address stays in use until the agent has served DEL, so the runtime must call it again.
CniError not_told(CniError error) {
    error.add_detail("the pod's interface is removed; its address stays taken until DEL or GC reaches the agent");
    return error;
}

} // namespace

CniResult<void> del(const Environment& environment, const NetworkConfiguration& configuration) {
    // The agent first: a link that disappears keeps ovs-vswitchd busy, the longer the more ports it
    // has, and the agent would have to wait until ovs-vswitchd gets to the flows.
    const auto response = ask_agent<DelResponse>(
        configuration.agent_socket, DelRequest{environment.key, configuration.name}, configuration.agent_timeout);
    const auto host_name = veth_identity(environment.key).host_name;
    const auto removed = remove_link(host_name);
    if (!response) return std::unexpected(not_told(response.error()));
    if (!removed) return removed;
    // The record is authoritative even if a plugin of another version created the interface that it
    // names.
    if (const auto& recorded = response->host_interface; recorded && *recorded != host_name)
        return remove_link(*recorded);
    return {};
}

CniResult<void> gc(const NetworkConfiguration& configuration) {
    ASSIGN_OR_RETURN(const auto response,
                     ask_agent<GcResponse>(configuration.agent_socket,
                                           GcRequest{configuration.name, configuration.valid_attachments},
                                           configuration.agent_timeout));
    // A link that cannot be removed must not keep the others from being removed.
    std::string failures;
    for (const auto& attachment : response.removed) {
        if (const auto removed = remove_link(attachment.host_interface); !removed)
            failures += removed.error().message + "\n";
    }
    if (failures.empty()) return {};
    return cni_fail(cni_code::kKernelRefused, "GC left interfaces behind", failures);
}

} // namespace ovs_cni
