// Maps flowgen's fields to those of libopenvswitch, and their values from numbers to bytes and
// back. For this folder's sources only.
#pragma once

#include "daemonset/switch/openflow/openvswitch_headers.h"
#include "flowgen/flow/flow.h"

#include <optional>

namespace agent {

/// libopenvswitch's description of the field. in_port is the 16-bit form, the only one that actions may write.
[[nodiscard]] const mf_field* mf_field_of(flowgen::Field field);

/// Our name of the field; nothing for fields that flowgen does not know.
[[nodiscard]] std::optional<flowgen::Field> field_of(mf_field_id id);

/// The number as the field's bytes. Bits that the field does not have are lost: see `fits`.
[[nodiscard]] mf_value to_value(const mf_field& field, flowgen::U128 number);
/// A mask: like a value, but the whole field where flowgen's mask is full, whatever their widths.
[[nodiscard]] mf_value to_mask(const mf_field& field, flowgen::Field name, flowgen::U128 mask);

[[nodiscard]] flowgen::U128 from_value(const mf_field& field, const mf_value& value);
/// flowgen's mask for the field's mask: full where the field's is.
[[nodiscard]] flowgen::U128 from_mask(const mf_field& field, flowgen::Field name, const mf_value& mask);

/// Whether the field has all the bits that are set in this number.
[[nodiscard]] bool fits(const mf_field& field, flowgen::U128 number);

} // namespace agent
