// The OpenFlow messages other than flow-mods: those that the connection sends, and the answers that
// it reads. For this folder's sources only.
#pragma once

#include "daemonset/switch/openflow/flow_codec.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace agent {

using Message = std::span<const std::uint8_t>;

enum class MessageKind : std::uint8_t {
    Hello,
    EchoRequest,
    Error,
    BarrierReply,
    BundleReply,
    FlowReply,
    MonitorReply,
    OptionTableReply,
    Other, ///< not requested, such as a port status
};

/// Length of the OpenFlow header at the start of every message.
inline constexpr std::size_t kHeaderBytes = 8;
/// Length of the part before the flow-mod in a message that adds it to a bundle.
inline constexpr std::size_t kBundleAddBytes = 16;
/// OpenFlow 1.5 on the wire.
inline constexpr std::uint8_t kOpenFlow15 = 6;

/// The length of the message that begins here; `bytes` holds a whole header.
[[nodiscard]] std::size_t length_of(Message bytes);
[[nodiscard]] std::uint8_t version_of(Message message);
[[nodiscard]] std::uint32_t xid_of(Message message);
void set_xid(std::span<std::uint8_t> message, std::uint32_t xid);
void set_length(std::span<std::uint8_t> message, std::size_t length);
[[nodiscard]] MessageKind kind_of(Message message);
/// Whether further parts of this multipart answer follow.
[[nodiscard]] bool more_follows(Message message);

/// Whether the peer's hello offers OpenFlow 1.5.
[[nodiscard]] bool offers_openflow15(Message hello);
/// The switch's reason, such as "OFPBMC_BAD_PREREQ".
[[nodiscard]] std::string error_text(Message error);

enum class BundleStep : std::uint8_t { Open, Commit, Discard };

void append_hello(Bytes& out);
void append_echo_reply(Bytes& out, Message request);
void append_barrier(Bytes& out, std::uint32_t xid);
/// Ordered and atomic.
void append_bundle_control(Bytes& out, std::uint32_t xid, std::uint32_t bundle, BundleStep step);
/// The part before the flow-mod in a message that adds it to a bundle. The flow-mod, with the same
/// xid, follows it; then call set_length() for both together.
void append_bundle_add_header(Bytes& out, std::uint32_t xid, std::uint32_t bundle);
/// Requests all flows.
void append_flow_request(Bytes& out, std::uint32_t xid);
/// Requests reports of changes to all flows, without the current flows and without actions.
void append_monitor_request(Bytes& out, std::uint32_t xid);
void append_option_table_request(Bytes& out, std::uint32_t xid);
/// Requests the mapping of our Geneve option to tun_metadata0.
void append_option_mapping(Bytes& out, std::uint32_t xid);

/// The state of our mapping in the switch's option table.
struct OptionTable {
    bool ours = false;                   ///< it exists
    std::optional<std::string> conflict; ///< another mapping uses its option or its field
};
[[nodiscard]] outcome::Result<OptionTable> decode_option_table(Message reply);

/// The foreign changes in a flow monitor's message.
struct MonitorReport {
    std::size_t changes = 0; ///< of foreign flows, and 1 for an overflow of the monitor
    std::string example;     ///< the first
};
[[nodiscard]] outcome::Result<MonitorReport> decode_monitor(Message reply);

} // namespace agent
