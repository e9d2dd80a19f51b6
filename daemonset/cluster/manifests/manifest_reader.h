// Reads the objects from the text of a manifest file.
//
//   text ──► YAML or JSON reader ──► one document per "---" ──► Lists taken apart ──► Document ...
//
// Objects stay as written; the object decoder interprets them.
#pragma once

#include "daemonset/cluster/text/line_tree.h"

#include <nlohmann/json.hpp>

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace agent::cluster {

/// An object as written in a file.
struct Document {
    nlohmann::json object; ///< always a JSON object
    LineTree lines;        ///< of the object and everything in it
};

/// Why the text cannot be read, and at which line (from 1).
struct SyntaxError {
    int line = 0;
    std::string reason;
};

enum class Format : std::uint8_t {
    Json, ///< one or several JSON objects
    Yaml, ///< one or several YAML documents; objects in JSON are tried as such first
};

/// The format by the file's name: Json for "*.json", else Yaml.
[[nodiscard]] Format format_of(std::string_view file_name);

/// All objects of `text`, in order. Empty documents are left out. Lists (kind List, or any kind ending in "List" with
/// an `items` array) are replaced by their items, at any depth; items of a "PodList" and its like get the kind and
/// apiVersion of their list where they have none, as in answers of the API server.
/// Scalars are typed as in Kubernetes (yaml_scalar.h); quoted ones are strings. Anchors, aliases
/// and merge keys work. The first error ends the reading: broken syntax, a duplicate key in an
/// object, a document that is not an object, text that is not UTF-8.
[[nodiscard]] std::expected<std::vector<Document>, SyntaxError> read_manifest(std::string_view text, Format format);

} // namespace agent::cluster
