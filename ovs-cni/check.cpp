#include "ovs-cni/agent_call.h"
#include "ovs-cni/netlink/link.h"
#include "ovs-cni/protocol/veth_name.h"
#include "ovs-cni/sandbox.h"
#include "ovs-cni/verbs.h"
#include "words/list.h"

#include <algorithm>

namespace ovs_cni {
namespace {

using Differences = std::vector<std::string>;

void append(Differences& differences, Differences more) { std::ranges::move(more, std::back_inserter(differences)); }

/// Checks the veth's end in the host: it exists, is up, and is still paired with the interface in
/// the sandbox.
void compare_host_link(const std::string& name, int sandbox_link, int mtu, Differences& differences) {
    auto socket = netlink::Socket::open();
    const auto link = socket ? netlink::find_link(*socket, name) : std::unexpected(socket.error());
    if (!link) return differences.push_back(link.error().message);
    const std::string who = "interface " + name + " in the host: ";
    if (!*link) return differences.push_back(who + "it is missing");
    if (!(*link)->up) differences.push_back(who + "it is down");
    if (mtu != 0 && (*link)->mtu < mtu)
        differences.push_back(who + "its MTU is " + std::to_string((*link)->mtu) + ", below the sandbox's " +
                              std::to_string(mtu));
    if (sandbox_link != 0 && (*link)->peer_index != sandbox_link)
        differences.push_back(who + "it is not the other end of the sandbox's interface");
}

/// Compares the agent's record with what the runtime knows, and adds the differences that the agent
/// found in port and flows.
void compare_record(const CheckResponse& record, const Environment& environment, const AttachmentResult& expected,
                    Differences& differences) {
    for (int i = 0; const auto& interface : expected.interfaces) {
        const int index = i++;
        if (interface.name != environment.key.interface || interface.sandbox.empty()) continue;
        if (!interface.mac.empty() && interface.mac != record.mac.text())
            differences.push_back("the switch lets only MAC " + record.mac.text() + " pass, not " + interface.mac);
        for (const auto& address : expected.addresses) {
            if (address.interface == index &&
                std::ranges::find(record.addresses, address.address) == record.addresses.end())
                differences.push_back("the agent's record does not have the address " + address.address.text());
        }
    }
    append(differences, record.differences);
}

CniResult<void> verdict(const AttachmentKey& key, const Differences& differences) {
    if (differences.empty()) return {};
    std::string lines;
    for (const auto& line : differences) lines += line + "\n";
    return cni_fail(cni_code::kDiffers,
                    key.interface + " of container " + key.container_id +
                        " is not as ADD left it: " + words::first_of(differences),
                    lines);
}

} // namespace

CniResult<void> check(const Environment& environment, const NetworkConfiguration& configuration) {
    const auto& key = environment.key;
    const auto& expected = *configuration.previous_result;
    auto call =
        AgentCall::send(configuration.agent_socket, CheckRequest{key, configuration.name}, configuration.agent_timeout);
    if (!call) return std::unexpected(call.error());

    Differences differences;
    int sandbox_link = 0;
    int mtu = 0;
    if (auto sandbox = open_sandbox(environment.sandbox)) {
        auto found = sandbox_differences(*sandbox, key.interface, expected);
        if (!found) return cni_fail(cni_code::kKernelRefused, found.error().message);
        append(differences, std::move(*found));
        if (const auto link = netlink::find_link(sandbox->socket, key.interface); link && *link) {
            sandbox_link = (*link)->index;
            mtu = (*link)->mtu;
        }
    } else {
        differences.push_back("the sandbox: " + sandbox.error().message);
    }
    compare_host_link(veth_identity(key).host_name, sandbox_link, mtu, differences);

    ASSIGN_OR_RETURN(const auto line, call->answer());
    const auto record = decode_response<CheckResponse>(line);
    // No interface in the sandbox and no record at the agent: never attached, or removed by DEL
    // since.
    if (!record && (record.error().code != cni_code::kUnknownContainer || sandbox_link == 0))
        return std::unexpected(record.error());
    if (record) compare_record(*record, environment, expected, differences);
    if (!record) differences.push_back(record.error().message);
    return verdict(key, differences);
}

CniResult<void> status(const NetworkConfiguration& configuration) {
    auto response = ask_agent<StatusResponse>(configuration.agent_socket, StatusRequest{configuration.name},
                                              configuration.agent_timeout);
    if (response) return {};
    auto error = response.error();
    // An error that keeps the agent from answering also keeps it from serving ADD.
    if (error.code != cni_code::kLimited) error.code = cni_code::kNotAvailable;
    return std::unexpected(std::move(error));
}

} // namespace ovs_cni
