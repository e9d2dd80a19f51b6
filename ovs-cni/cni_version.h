// The versions of the CNI specification that the plugin supports.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace ovs_cni {

enum class CniVersion : std::uint8_t { V0_3_0, V0_3_1, V0_4_0, V1_0_0, V1_1_0 };

inline constexpr std::array<std::pair<CniVersion, std::string_view>, 5> kCniVersions{{
    {CniVersion::V0_3_0, "0.3.0"},
    {CniVersion::V0_3_1, "0.3.1"},
    {CniVersion::V0_4_0, "0.4.0"},
    {CniVersion::V1_0_0, "1.0.0"},
    {CniVersion::V1_1_0, "1.1.0"},
}};

inline constexpr CniVersion kNewestCniVersion = kCniVersions.back().first;

[[nodiscard]] constexpr std::string_view text(CniVersion version) {
    return kCniVersions.at(static_cast<std::size_t>(version)).second;
}

/// The version of this text; nothing for a version that we do not support.
[[nodiscard]] constexpr std::optional<CniVersion> cni_version(std::string_view wanted) {
    for (const auto& [version, name] : kCniVersions) {
        if (name == wanted) return version;
    }
    return std::nullopt;
}

} // namespace ovs_cni
