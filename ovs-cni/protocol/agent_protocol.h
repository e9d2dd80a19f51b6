// The protocol between the plugin and the agent.
//
//   plugin ── one line of JSON: a Request ──► agent
//          ◄── one line of JSON: a Response ──        then the connection closes
//
// One request and one response for each connection to the agent's unix socket. Unknown fields are ignored on both
// sides, so that a plugin and an agent of neighbouring versions understand each other.
#pragma once

#include "ipam/address.h"
#include "ovs-cni/protocol/cni_error.h"

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ovs_cni {

inline constexpr auto kDefaultAgentSocket = "/run/ovs-cni/agent.sock";
/// The longest line that either side reads; a longer one is an error.
inline constexpr std::size_t kMaxLineBytes = 1 << 20;
/// Incremented when a change makes old and new sides misunderstand each other; new fields do not.
inline constexpr int kProtocolVersion = 1;

/// What identifies an attachment on a node. Source: CNI specification, "CNI_CONTAINERID" and "CNI_IFNAME".
struct AttachmentKey {
    std::string container_id;
    std::string interface; ///< its name in the sandbox

    auto operator<=>(const AttachmentKey&) const = default;
};

/// "CONTAINER/INTERFACE". A container id has no '/', so no two keys have the same text.
[[nodiscard]] std::string text(const AttachmentKey& key);

/// The pod that CNI_ARGS names.
struct PodReference {
    std::string namespace_;
    std::string name;
    std::string uid; ///< empty when the runtime does not pass K8S_POD_UID

    auto operator<=>(const PodReference&) const = default;
};

/// "NAMESPACE/NAME", as everything that people read names a pod.
[[nodiscard]] std::string text(const PodReference& pod);
/// The same; "none" without a pod.
[[nodiscard]] std::string text(const std::optional<PodReference>& pod);

/// Connect this veth to the network. The host end exists and is up; the other end is in the sandbox.
struct AddRequest {
    AttachmentKey key;
    std::string host_interface;
    ipam::MacAddress mac;            ///< of the sandbox's end
    std::string sandbox;             ///< path of the network namespace, CNI_NETNS
    std::string network;             ///< the configuration's name
    std::optional<PodReference> pod; ///< absent without Kubernetes arguments: attached, never isolated

    auto operator<=>(const AddRequest&) const = default;
};

/// Sent after the switch confirmed port and flows.
struct AddResponse {
    std::vector<ipam::IpAddress> addresses; ///< one or two, of different families; they become /32 and /128
    std::vector<ipam::IpAddress> gateways;  ///< the virtual router, one for each family in `addresses`
    int mtu = 0;                            ///< of both ends of the veth, bytes
    ipam::MacAddress router_mac;
    bool checksum_offload = true; ///< false: the datapath needs packets with complete checksums from the sandbox

    auto operator<=>(const AddResponse&) const = default;
};

/// Disconnect and free. An attachment that the agent does not know is not an error.
struct DelRequest {
    AttachmentKey key;
    std::string network;

    auto operator<=>(const DelRequest&) const = default;
};

struct DelResponse {
    std::optional<std::string> host_interface; ///< of the attachment that was removed; absent when there was none

    auto operator<=>(const DelResponse&) const = default;
};

struct CheckRequest {
    AttachmentKey key;
    std::string network;

    auto operator<=>(const CheckRequest&) const = default;
};

/// The agent's record, and the differences that the agent found. An attachment without a record is
/// the error cni_code::kUnknownContainer.
struct CheckResponse {
    std::string host_interface;
    ipam::MacAddress mac;
    std::vector<ipam::IpAddress> addresses;
    std::string sandbox;
    std::vector<std::string> differences; ///< in port and flows, a line each; empty when there are none

    auto operator<=>(const CheckResponse&) const = default;
};

/// Remove every attachment of this network that is not in the list; other networks' stay.
struct GcRequest {
    std::string network;
    std::vector<AttachmentKey> valid_attachments;

    auto operator<=>(const GcRequest&) const = default;
};

struct RemovedAttachment {
    AttachmentKey key;
    std::string host_interface;

    auto operator<=>(const RemovedAttachment&) const = default;
};

struct GcResponse {
    std::vector<RemovedAttachment> removed;

    auto operator<=>(const GcResponse&) const = default;
};

struct StatusRequest {
    std::string network;

    auto operator<=>(const StatusRequest&) const = default;
};

/// The agent can serve. When it cannot, the answer is the error kNotAvailable or kLimited.
struct StatusResponse {
    auto operator<=>(const StatusResponse&) const = default;
};

using Request = std::variant<AddRequest, DelRequest, CheckRequest, GcRequest, StatusRequest>;
using Response = std::variant<CniError, AddResponse, DelResponse, CheckResponse, GcResponse, StatusResponse>;

/// One line of JSON, ended by a newline.
[[nodiscard]] std::string encode_request(const Request& request);
[[nodiscard]] std::string encode_response(const Response& response);

/// The request in `line`, with or without its newline. Errors: kDecode for anything but such JSON,
/// kIncompatibleVersion for a newer protocol; both can be sent back unchanged.
[[nodiscard]] CniResult<Request> decode_request(std::string_view line);

/// The response in `line` to a request whose answer is an `Answer`: AddResponse, DelResponse,
/// CheckResponse, GcResponse or StatusResponse. Errors: the agent's own, or kDecode for anything
/// but such JSON.
template <typename Answer> [[nodiscard]] CniResult<Answer> decode_response(std::string_view line);

} // namespace ovs_cni
