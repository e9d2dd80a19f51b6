// Kernel settings under /proc/sys/net: read, and written only where they differ. `folder` is the
// path of that directory: a container sees its own /proc/sys read-only, and needs the host's
// mounted elsewhere to write.
#pragma once

#include "outcome/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace agent {

/// One setting: its path under /proc/sys/net and the value that it needs.
struct Sysctl {
    std::string path; ///< such as "ipv4/ip_forward"; with '/', because link names may contain dots
    std::string value;
};

/// The current value, without its newline. Errors: no such setting in this kernel.
[[nodiscard]] outcome::Result<std::string> read_sysctl(const std::filesystem::path& folder, const std::string& path);

/// Writes the settings that differ, in order; returns those written. Errors: a setting that is missing or cannot be
/// written.
[[nodiscard]] outcome::Result<std::vector<Sysctl>> ensure_sysctls(const std::filesystem::path& folder,
                                                                  const std::vector<Sysctl>& settings);

} // namespace agent
