// Kernel settings under /proc/sys/net: read, and written only where they differ.
#pragma once

#include "ipam/error.h"

#include <string>
#include <vector>

namespace agent {

/// One setting: its path under /proc/sys/net and the value that it needs.
struct Sysctl {
    std::string path; ///< such as "ipv4/ip_forward"; with '/', because link names may contain dots
    std::string value;
};

/// The present value, without its newline. Errors: no such setting in this kernel.
[[nodiscard]] ipam::Result<std::string> read_sysctl(const std::string& path);

/// Writes the settings that differ, in order; returns those written. Errors: a setting that is missing or cannot be
/// written (a container needs /proc/sys/net writable for that).
[[nodiscard]] ipam::Result<std::vector<Sysctl>> ensure_sysctls(const std::vector<Sysctl>& settings);

} // namespace agent
