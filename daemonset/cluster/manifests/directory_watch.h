// Watches the files of some directories through the kernel's inotify.
//
//   kernel ──► inotify descriptor ──► take_events ──► WatchEvent: this file was written, moved, deleted ...
#pragma once

#include "outcome/result.h"
#include "posix/descriptor.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace agent::cluster {

struct WatchEvent {
    enum class What : std::uint8_t {
        Written,     ///< closed after writing
        Created,     ///< there now, perhaps still empty
        Touched,     ///< rights, owner or times changed
        MovedIn,     ///< has this name now
        MovedOut,    ///< had this name
        Deleted,     ///< gone
        TreeChanged, ///< a directory changed, or events were lost: check everything
    };

    What what = What::TreeChanged;
    std::string path; ///< empty with TreeChanged
};

/// Owns an inotify descriptor, non-blocking.
class DirectoryWatch {
  public:
    [[nodiscard]] static outcome::Result<DirectoryWatch> open();

    /// To wait for until it is readable.
    [[nodiscard]] int descriptor() const { return inotify_.get(); }

    /// Watches these directories (not those below them) and no others; true when one of them was
    /// not watched before. A directory that has disappeared meanwhile is not an error: its parent's
    /// events report it.
    /// Errors: the limits of inotify, with the setting to raise.
    [[nodiscard]] outcome::Result<bool> watch(std::span<const std::string> directories);

    /// All pending events, in order.
    [[nodiscard]] outcome::Result<std::vector<WatchEvent>> take_events();

  private:
    explicit DirectoryWatch(posix::Descriptor inotify) : inotify_(std::move(inotify)) {}

    posix::Descriptor inotify_;
    std::map<int, std::string> paths_; ///< by watch descriptor
};

} // namespace agent::cluster
