// Converts between Frame and the `struct flow` that Open vSwitch matches on.
#pragma once

#include "tests/judge/frame.h"
#include "tests/judge/ovs_tables.h"

#include <cstdint>
#include <optional>

namespace judge {

/// `frame` as it enters at `in_port`: registers zero, untracked. `tables` has the layout of tunnel
/// options.
[[nodiscard]] flow packet_headers(const OvsTables& tables, const Frame& frame, std::uint16_t in_port,
                                  const std::optional<Encapsulation>& tunnel);

/// `before` with the addresses, ports and TTL that the pipeline left in `headers`.
[[nodiscard]] Frame frame_of(const flow& headers, const Frame& before);

/// The tunnel destination of the packet, if the pipeline wrote one. `source` is left unset.
[[nodiscard]] std::optional<Encapsulation> encapsulation_of(const flow& headers);

} // namespace judge
