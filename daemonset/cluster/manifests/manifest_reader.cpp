#include "daemonset/cluster/manifests/manifest_reader.h"

#include "daemonset/cluster/text/json_reader.h"
#include "daemonset/cluster/text/yaml_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace agent::cluster {
namespace {

using nlohmann::json;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Length of the UTF-8 sequence at the start of `text`, 0 where there is none. Source: Unicode 15, table 3-7.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const bool overlong = lead == 0xe0 && byte(1) < 0xa0;
        const bool surrogate = lead == 0xed && byte(1) > 0x9f;
        return !overlong && !surrogate && tail(1) && tail(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const bool overlong = lead == 0xf0 && byte(1) < 0x90;
        const bool beyond = lead == 0xf4 && byte(1) > 0x8f;
        return !overlong && !beyond && tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

/// Neither YAML nor JSON has control characters or bytes outside UTF-8; their parsers would accept
/// some of them.
std::optional<SyntaxError> check_characters(std::string_view text) {
    int line = 1;
    while (!text.empty()) {
        const auto c = static_cast<unsigned char>(text.front());
        if (c == '\n') ++line;
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return SyntaxError{line, "a control character (byte " + std::to_string(c) + "): not a text file"};
        const std::size_t length = sequence_length(text);
        if (length == 0) return SyntaxError{line, "not UTF-8 (byte " + std::to_string(c) + ")"};
        text.remove_prefix(length);
    }
    return std::nullopt;
}

std::string text_field(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_list(const json& object) {
    const auto items = object.find("items");
    return text_field(object, "kind").ends_with("List") && items != object.end() &&
           (items->is_array() || items->is_null());
}

/// Adds the object, or the items of a list.
std::optional<SyntaxError> flatten(json object, LineTree lines, std::vector<Document>& out) {
    if (!object.is_object())
        return SyntaxError{lines.line, "not a Kubernetes object but " + std::string(object.type_name())};
    if (!is_list(object)) {
        out.push_back({std::move(object), std::move(lines)});
        return std::nullopt;
    }
    std::string kind = text_field(object, "kind");
    kind.resize(kind.size() - std::string_view("List").size());
    const auto position = std::ranges::find(lines.children, "items", &LineTree::name);
    json& items = object["items"];
    for (std::size_t i = 0; i < items.size() && items.is_array(); ++i) {
        json& item = items[i];
        if (item.is_object() && !kind.empty() && !item.contains("kind") && !item.contains("apiVersion")) {
            item["kind"] = kind;
            item["apiVersion"] = object.value("apiVersion", json());
        }
        if (auto error = flatten(std::move(item), std::move(position->children[i]), out)) return error;
    }
    return std::nullopt;
}

std::expected<std::vector<BuiltValue>, DocumentBuilder::Failure> read(std::string_view text, Format format) {
    if (format == Format::Json) return read_json(text);
    // Objects in JSON are flow style in YAML, but YAML lacks JSON's surrogate pairs, and takes ten times as long.
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != text.npos && text[first] == '{')
        if (auto documents = read_json(text)) return documents;
    return read_yaml(text);
}

} // namespace

Format format_of(std::string_view file_name) { return file_name.ends_with(".json") ? Format::Json : Format::Yaml; }

std::expected<std::vector<Document>, SyntaxError> read_manifest(std::string_view text, Format format) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (auto error = check_characters(text)) return std::unexpected(std::move(*error));
    auto values = read(text, format);
    if (!values) return std::unexpected(SyntaxError{values.error().line, std::move(values.error().reason)});
    std::vector<Document> documents;
    for (BuiltValue& built : *values) {
        if (built.value.is_null()) continue;
        if (auto error = flatten(std::move(built.value), std::move(built.lines), documents))
            return std::unexpected(std::move(*error));
    }
    return documents;
}

} // namespace agent::cluster
