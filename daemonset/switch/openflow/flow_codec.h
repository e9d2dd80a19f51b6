// OpenFlow 1.5 flow-mods and flow descriptions as libopenvswitch encodes and decodes them, to and from flowgen's
// values.
//
//   FlowKey, FlowBody ──► flow-mod ──► switch ──► flow description ──┬─► FlowKey, FlowBody (equal to what was sent)
//                                                                    └─► ForeignFlow (never sent by us)
//
// The codec knows the one option that our tunnels carry: tun_metadata0, 128 bits.
#pragma once

#include "flowgen/flow/flow_set.h"
#include "outcome/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace agent {

using Bytes = std::vector<std::uint8_t>;

/// A flow in the switch that flowgen's values cannot express (a field, an action, a timeout or a flag that our pipeline
/// does not use), kept so that it can be shown and deleted.
struct ForeignFlow {
    std::string text;    ///< as ovs-ofctl prints it
    Bytes strict_delete; ///< a flow-mod that deletes exactly this flow

    auto operator<=>(const ForeignFlow&) const = default;
};

/// The contents of a switch's tables.
struct InstalledFlows {
    flowgen::FlowSet flows;
    std::vector<ForeignFlow> foreign;
};

/// Appends a flow-mod that adds this flow, or replaces the cookie and actions of the one with the same key.
/// Errors: a field whose prerequisites (eth_type, ip_proto) the match does not have, a mask that
/// the field does not accept, a flow too large for one message (64 KiB), a cookie of all ones.
/// `out` is then as it was.
[[nodiscard]] outcome::Result<void> append_flow_add(Bytes& out, std::uint32_t xid, const flowgen::FlowKey& key,
                                                    const flowgen::FlowBody& body);

/// Appends a flow-mod that deletes the flow with exactly this key, whatever its cookie. Errors as for adding.
[[nodiscard]] outcome::Result<void> append_flow_delete(Bytes& out, std::uint32_t xid, const flowgen::FlowKey& key);

/// Reads one part of the switch's answer to a request for all flows, adding to `installed`.
/// An error means that the message is broken, or has contents that this version of libopenvswitch
/// does not know.
[[nodiscard]] outcome::Result<void> decode_flow_descriptions(std::span<const std::uint8_t> message,
                                                             InstalledFlows& installed);

/// Keeps libopenvswitch from writing to the terminal and to syslog: its messages reach the caller
/// as errors.
void silence_openvswitch();

} // namespace agent
