#include "daemonset/cluster/text/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>

#include <optional>
#include <span>

namespace agent::cluster {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 5> kNulls{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 9> kTrue{"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
constexpr std::array<std::string_view, 9> kFalse{"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};

bool one_of(std::span<const std::string_view> words, std::string_view text) {
    return std::ranges::find(words, text) != words.end();
}

bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::optional<json> integer(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    int base = 10;
    if (text.starts_with("0x")) base = 16;
    if (text.starts_with("0o")) base = 8;
    if (text.starts_with("0b")) base = 2;
    if (base != 10) {
        text.remove_prefix(2);
    } else if (text.size() > 1 && text.starts_with('0')) {
        base = 8;
    }
    std::uint64_t magnitude = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (!negative) return json(magnitude);
    constexpr auto lowest = std::uint64_t{1} << 63;
    if (magnitude > lowest) return std::nullopt;
    return json(static_cast<std::int64_t>(0 - magnitude));
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?  Source: YAML 1.2.2, 10.3.2.
bool looks_like_float(std::string_view text) {
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t from = at;
        while (at < text.size() && digit(text[at])) ++at;
        return at > from;
    };
    const auto sign = [&] {
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    };
    sign();
    const bool whole = digits();
    bool fraction = false;
    if (at < text.size() && text[at] == '.') {
        ++at;
        fraction = digits();
    }
    if (!whole && !fraction) return false;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        sign();
        if (!digits()) return false;
    }
    return at == text.size();
}

std::optional<json> number(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '_');
    if (auto whole = integer(digits)) return whole;
    if (!looks_like_float(digits)) return std::nullopt;
    const char* from = digits.data() + (digits.starts_with('+') ? 1 : 0);
    double value = 0;
    const auto [end, error] = std::from_chars(from, digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return json(value);
}

} // namespace

json plain_scalar(std::string_view text) {
    if (one_of(kNulls, text)) return nullptr;
    if (one_of(kTrue, text)) return true;
    if (one_of(kFalse, text)) return false;
    const char first = text.front();
    if (digit(first) || first == '-' || first == '+' || first == '.')
        if (auto found = number(text)) return *found;
    return std::string(text);
}

} // namespace agent::cluster
