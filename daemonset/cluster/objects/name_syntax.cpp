#include "daemonset/cluster/objects/name_syntax.h"

#include <algorithm>

namespace agent::cluster {
namespace {

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool letter_or_digit(char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

/// [a-z0-9]([-a-z0-9]*[a-z0-9])?
bool dns_label(std::string_view text) {
    return !text.empty() && lower_or_digit(text.front()) && lower_or_digit(text.back()) &&
           std::ranges::all_of(text, [](char c) { return lower_or_digit(c) || c == '-'; });
}

/// ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]
bool qualified_part(std::string_view text) {
    return !text.empty() && letter_or_digit(text.front()) && letter_or_digit(text.back()) &&
           std::ranges::all_of(text, [](char c) { return letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

bool subdomain(std::string_view text) {
    if (text.size() > 253) return false;
    for (;;) {
        const auto dot = text.find('.');
        if (!dns_label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

} // namespace

std::string_view subdomain_fault(std::string_view text) {
    if (subdomain(text)) return {};
    return "is not a valid name: at most 253 lower-case letters, digits, '-' and '.', each part between dots starting "
           "and ending with a letter or digit";
}

std::string_view dns_label_fault(std::string_view text) {
    if (text.size() <= 63 && dns_label(text)) return {};
    return "is not a valid name: at most 63 lower-case letters, digits and '-', starting and ending with a letter or "
           "digit";
}

std::string_view label_key_fault(std::string_view text) {
    const auto slash = text.find('/');
    const bool prefixed = slash != std::string_view::npos;
    const std::string_view name = prefixed ? text.substr(slash + 1) : text;
    if ((!prefixed || subdomain(text.substr(0, slash))) && name.size() <= 63 && qualified_part(name)) return {};
    return "is not a valid label key: at most 63 letters, digits, '-', '_' and '.', starting and ending with a letter "
           "or digit, after an optional DNS subdomain and '/'";
}

std::string_view label_value_fault(std::string_view text) {
    if (text.empty() || (text.size() <= 63 && qualified_part(text))) return {};
    return "is not a valid label value: empty, or at most 63 letters, digits, '-', '_' and '.', starting and ending "
           "with a letter or digit";
}

std::string_view port_name_fault(std::string_view text) {
    const bool has_letter = std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
    if (text.size() <= 15 && dns_label(text) && has_letter && text.find("--") == std::string_view::npos) return {};
    return "is not a valid port name: at most 15 lower-case letters, digits and single '-', at least one letter, "
           "starting and ending with a letter or digit";
}

} // namespace agent::cluster
