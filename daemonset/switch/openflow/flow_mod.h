// The last step of encoding a flow-mod, shared by the encoder and by the decoder, which needs it to
// build the deletion of a foreign flow. For this folder's sources only.
#pragma once

#include "daemonset/switch/openflow/flow_codec.h"
#include "daemonset/switch/openflow/openvswitch_headers.h"

namespace agent {

/// An OpenFlow message has a 16-bit length, and a flow-mod travels inside another message, with a header of 16 bytes.
inline constexpr std::size_t kLargestFlowMod = UINT16_MAX - 16;

/// Fills in the common parts of all our flow-mods, encodes the message and appends it.
/// `flow_mod.match` is set here.
/// Errors: the message is larger than kLargestFlowMod.
[[nodiscard]] outcome::Result<void> append_flow_mod(Bytes& out, std::uint32_t xid, ofputil_flow_mod& flow_mod,
                                                    const match& match_of_flow);

} // namespace agent
