// The OpenFlow messages beside flow-mods: what the connection sends, and what it understands of the answers.
// For this folder's sources only.
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
    Other, ///< nothing that we asked for, such as a port status
};

/// Length of an OpenFlow header, which every message begins with.
inline constexpr std::size_t kHeaderBytes = 8;
/// Length of what stands before the flow-mod in a message that adds it to a bundle.
inline constexpr std::size_t kBundleAddBytes = 16;
/// OpenFlow 1.5 on the wire.
inline constexpr std::uint8_t kOpenFlow15 = 6;

/// Of the message that begins here; `bytes` holds a whole header.
[[nodiscard]] std::size_t length_of(Message bytes);
[[nodiscard]] std::uint8_t version_of(Message message);
[[nodiscard]] std::uint32_t xid_of(Message message);
void set_xid(std::span<std::uint8_t> message, std::uint32_t xid);
void set_length(std::span<std::uint8_t> message, std::size_t length);
[[nodiscard]] MessageKind kind_of(Message message);
/// Whether further parts of this multipart answer follow.
[[nodiscard]] bool more_follows(Message message);

/// What the peer says in its hello: whether it speaks OpenFlow 1.5.
[[nodiscard]] bool offers_openflow15(Message hello);
/// The switch's reason, such as "OFPBMC_BAD_PREREQ".
[[nodiscard]] std::string error_text(Message error);

enum class BundleStep : std::uint8_t { Open, Commit, Discard };

void append_hello(Bytes& out);
void append_echo_reply(Bytes& out, Message request);
void append_barrier(Bytes& out, std::uint32_t xid);
/// Ordered and atomic.
void append_bundle_control(Bytes& out, std::uint32_t xid, std::uint32_t bundle, BundleStep step);
/// What stands before the flow-mod in a message that adds it to a bundle. The flow-mod, with the same xid, follows it;
/// then set_length() to both together.
void append_bundle_add_header(Bytes& out, std::uint32_t xid, std::uint32_t bundle);
/// Asks for all flows.
void append_flow_request(Bytes& out, std::uint32_t xid);
/// Asks to be told of changes to all flows, but not of the present ones and not of actions.
void append_monitor_request(Bytes& out, std::uint32_t xid);
void append_option_table_request(Bytes& out, std::uint32_t xid);
/// Asks to map our Geneve option to tun_metadata0.
void append_option_mapping(Bytes& out, std::uint32_t xid);

/// What the switch's option table means for our mapping.
struct OptionTable {
    bool ours = false;                   ///< it is there
    std::optional<std::string> conflict; ///< something else has its option or its field
};
[[nodiscard]] outcome::Result<OptionTable> decode_option_table(Message reply);

/// What a flow monitor's message tells of foreign changes.
struct MonitorReport {
    std::size_t changes = 0; ///< of foreign flows, and 1 for an overflow of the monitor
    std::string example;     ///< the first
};
[[nodiscard]] outcome::Result<MonitorReport> decode_monitor(Message reply);

} // namespace agent
