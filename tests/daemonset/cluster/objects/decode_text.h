// Decoding of YAML text in tests.
#pragma once

#include "daemonset/cluster/manifests/manifest_file.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace agent::cluster {

/// The only object in `text`, as the flowgen type T.
template <typename T> T decode_as(std::string_view text) {
    const auto file = decode_manifest("test.yaml", text);
    if (!file) {
        for (const auto& error : file.error()) ADD_FAILURE() << error.text();
        return {};
    }
    EXPECT_EQ(file->objects.size(), 1U);
    if (file->objects.empty() || !std::holds_alternative<T>(file->objects.front().object)) {
        ADD_FAILURE() << "no object of that type";
        return {};
    }
    return std::get<T>(file->objects.front().object);
}

/// The errors of `text`: "FILE:LINE: reason" of each.
inline std::vector<std::string> errors_in(std::string_view text) {
    const auto file = decode_manifest("test.yaml", text);
    std::vector<std::string> errors;
    if (!file)
        for (const auto& error : file.error()) errors.push_back(error.text());
    return errors;
}

} // namespace agent::cluster
