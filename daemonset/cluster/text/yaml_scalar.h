// The type of a plain (unquoted) YAML scalar.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace agent::cluster {

/// The type of the plain scalar `text`: null, a boolean, an integer, a float, or else the text
/// itself. It follows Kubernetes' own YAML reader: yes, no, on and off are booleans, 0644 is octal,
/// 1_000 is a number, dates are text.
[[nodiscard]] nlohmann::json plain_scalar(std::string_view text);

} // namespace agent::cluster
