// One value of an object being decoded: its position, and where its errors go.
//
//   Field root ──["spec"]──► Field ──.items()──► Field ──.port()──► uint16_t
//                              └── any error ──► Problems (decoding continues, so all of them are found)
#pragma once

#include "daemonset/cluster/objects/problem.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::cluster {

/// A read that fails adds a problem and returns an empty value. Absent fields and nulls are equal
/// and not a problem. Refers to the object and the problems, which must outlive it.
class Field {
  public:
    Field(const nlohmann::json& object, Problems& problems) : Field(&object, {}, problems) {}

    [[nodiscard]] bool present() const { return value_ != nullptr && !value_->is_null(); }
    [[nodiscard]] const FieldPath& path() const { return path_; }
    [[nodiscard]] const nlohmann::json* value() const { return value_; }
    [[nodiscard]] bool is_text() const { return present() && value_->is_string(); }

    /// The field of an object.
    [[nodiscard]] Field operator[](std::string_view name) const;
    /// The items of an array.
    [[nodiscard]] std::vector<Field> items() const;
    /// The fields of an object and their names.
    [[nodiscard]] std::vector<std::pair<std::string, Field>> entries() const;
    [[nodiscard]] std::string text() const;
    /// The text of a field that must be present and not empty.
    [[nodiscard]] std::string required_text() const;
    [[nodiscard]] bool flag(bool absent) const;
    /// A whole number in a range.
    [[nodiscard]] std::int64_t number(std::int64_t absent, std::int64_t lowest, std::int64_t highest) const;
    /// A port number, 1 to 65535; 0 after a problem. The field must be present.
    [[nodiscard]] std::uint16_t port() const;

    /// How many problems have been found so far, in this field or elsewhere.
    [[nodiscard]] std::size_t problem_count() const { return problems_->size(); }
    /// Adds a problem here, once.
    void refuse(std::string reason) const;
    /// Adds "VALUE REASON" here.
    void refuse_value(std::string_view reason) const;

  private:
    Field(const nlohmann::json* value, FieldPath path, Problems& problems)
        : value_(value), path_(std::move(path)), problems_(&problems) {}
    [[nodiscard]] bool has_type(bool fits, std::string_view wanted) const;

    const nlohmann::json* value_;
    FieldPath path_;
    Problems* problems_;
};

} // namespace agent::cluster
