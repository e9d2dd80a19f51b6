// A file that other programs read: it appears whole or not at all.
//
//   bytes ──► .NAME.new in the same folder ──► fsync ──► rename ──► fsync of the folder
//
// A reader sees the old file or the new one, even if the machine loses power in between. A running
// program keeps the file that it was started from.
#pragma once

#include "outcome/result.h"

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace agent {

/// All bytes of a file. Errors name the file, after `what` it is ("the configuration"), and give
/// the kernel's reason.
[[nodiscard]] outcome::Result<std::string> read_whole(const std::filesystem::path& path, std::string_view what = {});

/// Gives the file these bytes and this mode, unless it has them already; returns whether it was
/// written. The folder is created if necessary. Errors: the kernel's reason; the file is then
/// unchanged.
[[nodiscard]] outcome::Result<bool> write_whole(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

} // namespace agent
