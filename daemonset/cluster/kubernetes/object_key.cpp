#include "daemonset/cluster/kubernetes/object_key.h"

#include "daemonset/cluster/text/json_text.h"
#include "flowgen/state/identity.h"

namespace agent::kubernetes {
namespace {

using nlohmann::json;

std::string text_in(const json& object, const char* field) {
    const auto metadata = object.find("metadata");
    return metadata == object.end() ? std::string() : cluster::text_at(*metadata, field);
}

Uid parse(const std::string& text) {
    std::string digits;
    for (const char c : text)
        if (c != '-') digits += c;
    const bool uuid = digits.size() == 32 && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!uuid) return {flowgen::truncated_sha256(text, 64), flowgen::truncated_sha256(text + "\n", 64)};
    return {std::stoull(digits.substr(0, 16), nullptr, 16), std::stoull(digits.substr(16), nullptr, 16)};
}

} // namespace

flowgen::ObjectName name_in(const json& object) { return {text_in(object, "namespace"), text_in(object, "name")}; }

template <> std::string key_in(const json& object) { return text_in(object, "name"); }
template <> flowgen::ObjectName key_in(const json& object) { return name_in(object); }
template <> Uid key_in(const json& object) {
    const auto uid = text_in(object, "uid");
    return parse(uid.empty() ? name_in(object).text() : uid);
}

} // namespace agent::kubernetes
