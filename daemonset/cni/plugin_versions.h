// Finds out, with the verb VERSION, which versions of the CNI specification another plugin
// supports.
//
//   CNI_COMMAND=VERSION PLUGIN ──► {"supportedVersions": [...]}
//
// A list of plugins has one version, and the runtime calls each of them with it. Plugins older than
// 2024 do not support 1.1.0 and fail its STATUS, which would keep the node NotReady for good.
#pragma once

#include "outcome/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace agent {

/// The plugin's answer. Errors: it cannot be run, does not answer within seconds, or gives another
/// answer.
/// Source: CNI specification 1.1.0, section 2, "VERSION".
[[nodiscard]] outcome::Result<std::vector<std::string>> plugin_versions(const std::filesystem::path& plugin);

} // namespace agent
