// The errors of manifests: in an object (Problem, by field) and in a file (FileError, by line).
#pragma once

#include "daemonset/cluster/text/field_path.h"

#include <compare>
#include <string>
#include <vector>

namespace agent::cluster {

/// One field that breaks a rule of the Kubernetes API.
struct Problem {
    FieldPath path;
    std::string reason; ///< the value, why it is wrong and what is allowed

    auto operator<=>(const Problem&) const = default;
    /// "PATH: reason".
    [[nodiscard]] std::string text() const { return path.steps.empty() ? reason : path.text() + ": " + reason; }
};

using Problems = std::vector<Problem>;

/// A reason why a file, or an object in it, is not used.
struct FileError {
    std::string file;
    int line = 0; ///< from 1; 0 for the whole file
    std::string reason;

    auto operator<=>(const FileError&) const = default;
    /// "FILE:LINE: reason", in the format of compilers, so that editors jump there.
    [[nodiscard]] std::string text() const {
        return file + (line > 0 ? ":" + std::to_string(line) : "") + ": " + reason;
    }
};

} // namespace agent::cluster
