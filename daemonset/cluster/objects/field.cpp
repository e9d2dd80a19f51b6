#include "daemonset/cluster/objects/field.h"

#include <algorithm>
#include <limits>

namespace agent::cluster {
namespace {

using nlohmann::json;

/// The value as JSON, shortened for a message.
std::string shown(const json& value) {
    constexpr std::size_t longest = 80;
    std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > longest) text = text.substr(0, longest) + "...";
    return text;
}

} // namespace

void Field::refuse(std::string reason) const {
    Problem problem{path_, std::move(reason)};
    if (std::ranges::find(*problems_, problem) == problems_->end()) problems_->push_back(std::move(problem));
}

void Field::refuse_value(std::string_view reason) const {
    refuse((value_ == nullptr ? "null" : shown(*value_)) + " " + std::string(reason));
}

bool Field::has_type(bool fits, std::string_view wanted) const {
    if (fits) return true;
    std::string reason = "is not " + std::string(wanted);
    if (wanted == "a string") reason += value_->is_primitive() ? ": put it in quotes" : "";
    if (wanted == "a whole number" && value_->is_string()) reason += ": leave out the quotes";
    refuse_value(reason);
    return false;
}

Field Field::operator[](std::string_view name) const {
    Field inner(nullptr, path_.field(name), *problems_);
    if (!present() || !has_type(value_->is_object(), "an object")) return inner;
    const auto found = value_->find(name);
    if (found != value_->end()) inner.value_ = &*found;
    return inner;
}

std::vector<Field> Field::items() const {
    std::vector<Field> fields;
    if (!present() || !has_type(value_->is_array(), "an array")) return fields;
    fields.reserve(value_->size());
    for (std::size_t i = 0; i < value_->size(); ++i) fields.push_back(Field(&(*value_)[i], path_.item(i), *problems_));
    return fields;
}

std::vector<std::pair<std::string, Field>> Field::entries() const {
    std::vector<std::pair<std::string, Field>> fields;
    if (!present() || !has_type(value_->is_object(), "an object")) return fields;
    for (const auto& [name, value] : value_->items())
        fields.emplace_back(name, Field(&value, path_.field(name), *problems_));
    return fields;
}

std::string Field::text() const {
    if (!present() || !has_type(value_->is_string(), "a string")) return {};
    return value_->get<std::string>();
}

std::string Field::required_text() const {
    std::string found = text();
    if (!present() || (is_text() && found.empty())) refuse("is required");
    return found;
}

bool Field::flag(bool absent) const {
    if (!present()) return absent;
    return has_type(value_->is_boolean(), "true or false") && value_->get<bool>();
}

std::int64_t Field::number(std::int64_t absent, std::int64_t lowest, std::int64_t highest) const {
    if (!present() || !has_type(value_->is_number_integer(), "a whole number")) return absent;
    const bool huge = value_->is_number_unsigned() &&
                      value_->get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    const std::int64_t found = huge ? 0 : value_->get<std::int64_t>();
    if (!huge && found >= lowest && found <= highest) return found;
    refuse_value("is out of range: it must be " + std::to_string(lowest) + " to " + std::to_string(highest));
    return absent;
}

std::uint16_t Field::port() const {
    if (!present()) refuse("is required: a port number, 1 to 65535");
    return static_cast<std::uint16_t>(number(0, 1, 65535));
}

} // namespace agent::cluster
