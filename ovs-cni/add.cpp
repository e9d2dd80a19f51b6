#include "ovs-cni/agent_call.h"
#include "ovs-cni/netlink/link.h"
#include "ovs-cni/protocol/veth_name.h"
#include "ovs-cni/sandbox.h"
#include "ovs-cni/verbs.h"

#include <algorithm>

namespace ovs_cni {
namespace {

/// The state shared by the steps of one ADD.
struct Attempt {
    const Environment& environment;
    const NetworkConfiguration& configuration;
    VethIdentity veth;
    netlink::Socket host;
    Sandbox sandbox;
    Undo undo;
};

/// Every internet module must forward a datagram of 68 octets. Source: RFC 791, section 3.2.
constexpr int kLeastMtu = 68;

std::unexpected<CniError> kernel_failed(const outcome::Error& error) {
    return cni_fail(cni_code::kKernelRefused, error.message);
}

std::string described(const AttachmentKey& key) { return key.interface + " of container " + key.container_id; }

CniResult<Attempt> begin(const Environment& environment, const NetworkConfiguration& configuration) {
    auto sandbox = open_sandbox(environment.sandbox);
    if (!sandbox)
        return cni_fail(cni_code::kInvalidEnvironment,
                        "CNI_NETNS '" + environment.sandbox + "' is not valid: " + sandbox.error().message);
    auto host = netlink::Socket::open();
    if (!host) return kernel_failed(host.error());
    return Attempt{environment,      configuration,       veth_identity(environment.key),
                   std::move(*host), std::move(*sandbox), {}};
}

/// Explains in the runtime's terms which of the two names of a veth that could not be created is
/// taken.
std::unexpected<CniError> explain(Attempt& attempt, const outcome::Error& reason) {
    const auto& key = attempt.environment.key;
    const auto inside = netlink::find_link(attempt.sandbox.socket, key.interface);
    const auto outside = netlink::find_link(attempt.host, attempt.veth.host_name);
    if (outside && *outside)
        return cni_fail(cni_code::kAttachmentExists, described(key) + " is attached already: call DEL first",
                        "the host already has its interface " + attempt.veth.host_name);
    if (inside && *inside)
        return cni_fail(cni_code::kInterfaceExists, "CNI_IFNAME '" + key.interface + "' is taken: the sandbox " +
                                                        attempt.environment.sandbox + " has an interface of that name");
    return kernel_failed(reason);
}

/// Creates the veth pair. Its host end is up and has no IPv6 address of its own: it is a port of
/// the bridge, not an interface that the host uses.
CniResult<void> make_veth(Attempt& attempt) {
    const auto& [host_name, host_mac, sandbox_mac] = attempt.veth;
    const netlink::VethPair pair{host_name, host_mac, attempt.environment.key.interface, sandbox_mac};
    if (const auto made = netlink::create_veth(attempt.host, pair, attempt.sandbox.network_namespace); !made)
        return explain(attempt, made.error());
    attempt.undo.push([name = host_name]() -> outcome::Result<void> {
        ASSIGN_OR_RETURN(auto socket, netlink::Socket::open());
        RETURN_IF_ERROR(netlink::delete_link(socket, name));
        return {};
    });
    const netlink::LinkChange up{.mac = {}, .mtu = {}, .up = true, .without_link_local = true};
    if (const auto raised = netlink::set_link(attempt.host, host_name, up); !raised)
        return kernel_failed(raised.error());
    return {};
}

void undo_by_del(Attempt& attempt) {
    const DelRequest request{attempt.environment.key, attempt.configuration.name};
    attempt.undo.push([request, socket = attempt.configuration.agent_socket,
                       timeout = attempt.configuration.agent_timeout]() -> outcome::Result<void> {
        const auto deleted = ask_agent<DelResponse>(socket, request, timeout);
        if (!deleted) return outcome::fail("the agent still has the attachment: " + deleted.error().message);
        return {};
    });
}

/// Requests the connection from the agent. Meanwhile the sandbox's interfaces come up.
CniResult<AddResponse> connect(Attempt& attempt) {
    const auto& [verb, key, sandbox, pod] = attempt.environment;
    const AddRequest request{key,     attempt.veth.host_name,     attempt.veth.sandbox_mac,
                             sandbox, attempt.configuration.name, pod};
    ASSIGN_OR_RETURN(auto call,
                     AgentCall::send(attempt.configuration.agent_socket, request, attempt.configuration.agent_timeout));
    const auto raised = raise_interfaces(attempt.sandbox, key.interface);
    const auto line = call.answer();
    auto response = line ? decode_response<AddResponse>(*line) : std::unexpected(line.error());
    // An agent that answers with an error has undone its part itself. In every other case it may
    // have an attachment, and DEL removes it, also when an interface did not come up.
    const bool agent_refused = line && !response && response.error().code != cni_code::kDecode;
    if (!agent_refused) undo_by_del(attempt);
    if (response && !raised) return kernel_failed(raised.error());
    return response;
}

CniResult<void> examine(const AddResponse& response) {
    const auto has_gateway = [&](const ipam::IpAddress& address) {
        return std::ranges::find(response.gateways, address.family, &ipam::IpAddress::family) !=
               response.gateways.end();
    };
    if (!response.addresses.empty() && std::ranges::all_of(response.addresses, has_gateway) &&
        response.mtu >= kLeastMtu)
        return {};
    return cni_fail(cni_code::kDecode, "the agent's answer lacks an address, a gateway or an MTU");
}

AttachmentResult result_of(const Attempt& attempt, const AddResponse& response, std::vector<ResultRoute> routes) {
    const auto& [host_name, host_mac, sandbox_mac] = attempt.veth;
    AttachmentResult result;
    result.interfaces = {
        {host_name, host_mac.text(), response.mtu, ""},
        {attempt.environment.key.interface, sandbox_mac.text(), response.mtu, attempt.environment.sandbox}};
    for (const auto& address : response.addresses) {
        const auto gateway = std::ranges::find(response.gateways, address.family, &ipam::IpAddress::family);
        result.addresses.push_back({address, ipam::width(address.family), *gateway, 1});
    }
    result.routes = std::move(routes);
    return result;
}

CniResult<AttachmentResult> attach(Attempt& attempt) {
    RETURN_IF_ERROR(make_veth(attempt));
    ASSIGN_OR_RETURN(const auto response, connect(attempt));
    RETURN_IF_ERROR(examine(response));
    const netlink::LinkChange mtu{.mac = {}, .mtu = response.mtu, .up = {}};
    if (const auto set = netlink::set_link(attempt.host, attempt.veth.host_name, mtu); !set)
        return kernel_failed(set.error());
    auto routes = configure_sandbox(attempt.sandbox, attempt.environment.key.interface, response);
    if (!routes) return kernel_failed(routes.error());
    return result_of(attempt, response, std::move(*routes));
}

} // namespace

CniResult<Added> add(const Environment& environment, const NetworkConfiguration& configuration) {
    ASSIGN_OR_RETURN(auto attempt, begin(environment, configuration));
    auto result = attach(attempt);
    if (result) return Added{std::move(*result), std::move(attempt.undo)};
    auto error = result.error();
    if (const auto failures = attempt.undo.run(); !failures.empty())
        error.add_detail("could not be undone: " + failures);
    return std::unexpected(std::move(error));
}

} // namespace ovs_cni
