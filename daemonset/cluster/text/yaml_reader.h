// YAML text to values with lines; the only place that includes yaml-cpp.
#pragma once

#include "daemonset/cluster/text/document_builder.h"

#include <expected>
#include <string_view>
#include <vector>

namespace agent::cluster {

/// The documents of a YAML stream; empty ones are null values. Source: YAML 1.2.2; the types of scalars: yaml_scalar.h.
[[nodiscard]] std::expected<std::vector<BuiltValue>, DocumentBuilder::Failure> read_yaml(std::string_view text);

} // namespace agent::cluster
