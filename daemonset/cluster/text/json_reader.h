// JSON text to values with lines.
#pragma once

#include "daemonset/cluster/text/document_builder.h"

#include <expected>
#include <string_view>
#include <vector>

namespace agent::cluster {

/// The values in `text`, one after the other, separated by white space. Source: RFC 8259.
[[nodiscard]] std::expected<std::vector<BuiltValue>, DocumentBuilder::Failure> read_json(std::string_view text);

} // namespace agent::cluster
