// Reads a text from an unchecked object.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace agent::cluster {

/// The text in this field of an object; empty where there is no object, no such field, or no text in it.
[[nodiscard]] inline std::string text_at(const nlohmann::json& object, const char* field) {
    if (!object.is_object()) return {};
    const auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

} // namespace agent::cluster
