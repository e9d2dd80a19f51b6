#include "daemonset/cluster/text/field_path.h"

#include <algorithm>
#include <cctype>

namespace agent::cluster {
namespace {

bool plain(std::string_view name) {
    return !name.empty() &&
           std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

} // namespace

FieldPath FieldPath::field(std::string_view name) const {
    FieldPath longer;
    longer.steps.reserve(steps.size() + 1);
    longer.steps = steps;
    longer.steps.emplace_back(std::string(name));
    return longer;
}

FieldPath FieldPath::item(std::size_t number) const {
    FieldPath longer;
    longer.steps.reserve(steps.size() + 1);
    longer.steps = steps;
    longer.steps.emplace_back(number);
    return longer;
}

std::string FieldPath::text() const {
    std::string out;
    for (const auto& step : steps) {
        const auto* name = std::get_if<std::string>(&step);
        if (name == nullptr) {
            out += "[" + std::to_string(std::get<std::size_t>(step)) + "]";
        } else if (plain(*name)) {
            out += (out.empty() ? "" : ".") + *name;
        } else {
            out += "[" + *name + "]";
        }
    }
    return out;
}

} // namespace agent::cluster
