// Expectations about a plugin's process.
#pragma once

#include "tests/ovs-cni/plugin_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ovs_cni {

/// The process failed with this code, and its message (or details) contains `text`.
inline void expect_error(const Finished& finished, int code, const std::string& text) {
    EXPECT_EQ(finished.exit_code, 1);
    ASSERT_FALSE(finished.output.empty()) << finished.errors;
    const auto error = finished.json();
    EXPECT_EQ(error.at("code"), code) << finished.output;
    EXPECT_THAT(error.at("msg").get<std::string>() + error.value("details", ""), testing::HasSubstr(text));
}

inline void expect_success(const Finished& finished) {
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
    EXPECT_EQ(finished.errors, "");
}

} // namespace ovs_cni
