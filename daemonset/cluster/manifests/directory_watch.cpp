#include "daemonset/cluster/manifests/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace agent::cluster {
namespace {

using What = WatchEvent::What;

constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_CREATE | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

/// A volume of a ConfigMap changes all its files at once by moving this symbolic link.
constexpr std::string_view kConfigMapLink = "..data";

std::string reason(int code) { return std::generic_category().message(code); }

std::string joined(std::string path, std::string_view name) {
    if (!path.ends_with('/')) path += '/';
    return path.append(name);
}

/// nullopt: nothing relevant.
std::optional<What> meaning(std::uint32_t mask, std::string_view name) {
    constexpr std::uint32_t moves = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
    if ((mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF)) != 0) return What::TreeChanged;
    if ((mask & IN_MOVED_TO) != 0 && name == kConfigMapLink) return What::TreeChanged;
    if (name.starts_with('.')) return std::nullopt;
    if ((mask & IN_ISDIR) != 0)
        return (mask & (moves | IN_ATTRIB)) != 0 ? std::optional(What::TreeChanged) : std::nullopt;
    if ((mask & IN_CLOSE_WRITE) != 0) return What::Written;
    if ((mask & IN_CREATE) != 0) return What::Created;
    if ((mask & IN_MOVED_TO) != 0) return What::MovedIn;
    if ((mask & IN_MOVED_FROM) != 0) return What::MovedOut;
    if ((mask & IN_DELETE) != 0) return What::Deleted;
    if ((mask & IN_ATTRIB) != 0 && !name.empty()) return What::Touched;
    return std::nullopt;
}

} // namespace

outcome::Result<DirectoryWatch> DirectoryWatch::open() {
    posix::Descriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (inotify.valid()) return DirectoryWatch(std::move(inotify));
    return outcome::fail("inotify: " + reason(errno) +
                         (errno == EMFILE ? ": raise the sysctl fs.inotify.max_user_instances" : ""));
}

outcome::Result<bool> DirectoryWatch::watch(std::span<const std::string> directories) {
    std::map<int, std::string> paths;
    bool added = false;
    for (const std::string& directory : directories) {
        const int watched = ::inotify_add_watch(inotify_.get(), directory.c_str(), kMask);
        if (watched >= 0) {
            paths[watched] = directory;
            added = added || !paths_.contains(watched);
        } else if (errno != ENOENT && errno != ENOTDIR) {
            return outcome::fail("watch " + directory + ": " + reason(errno) +
                                 (errno == ENOSPC ? ": raise the sysctl fs.inotify.max_user_watches" : ""));
        }
    }
    for (const auto& [old, path] : paths_)
        if (!paths.contains(old))
            ::inotify_rm_watch(inotify_.get(), old); // fails if the directory is gone, and its watch with it
    paths_ = std::move(paths);
    return added;
}

outcome::Result<std::vector<WatchEvent>> DirectoryWatch::take_events() {
    std::vector<WatchEvent> events;
    alignas(inotify_event) std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return events;
        if (got < 0) return outcome::fail("read inotify events: " + reason(errno));
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(event));
            const std::string name = event.len > 0 ? buffer.data() + at + sizeof(event) : "";
            at += sizeof(event) + event.len;
            const auto what = meaning(event.mask, name);
            if (!what) continue;
            const auto directory = paths_.find(event.wd);
            if (*what == What::TreeChanged) {
                events.push_back({});
            } else if (directory != paths_.end()) {
                events.push_back({*what, joined(directory->second, name)});
            }
        }
    }
}

} // namespace agent::cluster
