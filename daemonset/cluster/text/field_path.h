// The path from an object to one of its values: "spec.ingress[0].ports[1].endPort".
//
//   decoder ──► FieldPath ──► text for people
//                         └─► LineTree ──► line in the file
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace agent::cluster {

/// Steps from the root of an object; a step is the name of a field or the number of an item. Empty: the object itself.
struct FieldPath {
    using Step = std::variant<std::string, std::size_t>;

    std::vector<Step> steps;

    auto operator<=>(const FieldPath&) const = default;

    [[nodiscard]] FieldPath field(std::string_view name) const;
    [[nodiscard]] FieldPath item(std::size_t number) const;
    /// In the API server's notation; names with more than letters and digits are put in brackets:
    /// "metadata.labels[app.kubernetes.io/name]".
    [[nodiscard]] std::string text() const;
};

} // namespace agent::cluster
