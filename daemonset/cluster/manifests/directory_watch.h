// What happens to the files of some directories, as the kernel tells it (inotify).
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
        TreeChanged, ///< something about directories, or events were lost: look at everything
    };

    What what = What::TreeChanged;
    std::string path; ///< empty with TreeChanged
};

/// Owns an inotify descriptor, non-blocking.
class DirectoryWatch {
  public:
    [[nodiscard]] static outcome::Result<DirectoryWatch> open();

    /// For waiting until it is readable.
    [[nodiscard]] int descriptor() const { return inotify_.get(); }

    /// Watches these directories (not what is below them) and no others; true when one of them was not watched before.
    /// One that has gone meanwhile is no error: its parent's events tell.
    /// Errors: the limits of inotify, with the setting to raise.
    [[nodiscard]] outcome::Result<bool> watch(std::span<const std::string> directories);

    /// All events that are waiting, in order; none when there are none.
    [[nodiscard]] outcome::Result<std::vector<WatchEvent>> take_events();

  private:
    explicit DirectoryWatch(posix::Descriptor inotify) : inotify_(std::move(inotify)) {}

    posix::Descriptor inotify_;
    std::map<int, std::string> paths_; ///< by watch descriptor
};

} // namespace agent::cluster
