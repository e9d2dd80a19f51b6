#include "daemonset/cluster/manifests/manifest_tree.h"

#include "daemonset/cluster/manifests/object_claims.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace agent::cluster {
namespace {

std::string reason(int code) { return std::generic_category().message(code); }

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

std::string joined(const std::string& directory, const char* name) {
    return directory + (directory.ends_with('/') ? "" : "/") + name;
}

FileStamp stamp(const struct stat& status) {
    return {status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

class Walk {
  public:
    explicit Walk(ManifestTree& tree) : tree_(tree) {}

    void root(const std::string& path) {
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) {
            tree_.errors.push_back({path, 0, "cannot be read: " + reason(errno)});
        } else if (S_ISDIR(status.st_mode)) {
            directory(path);
        } else {
            tree_.files[path] = stamp(status);
        }
    }

  private:
    void directory(const std::string& path) {
        const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(path.c_str()), ::closedir);
        if (!open) {
            // Gone since its parent was read: not an error.
            if (errno != ENOENT) tree_.errors.push_back({path, 0, "cannot be listed: " + reason(errno)});
            return;
        }
        tree_.directories.push_back(path);
        while (const dirent* found = ::readdir(open.get())) entry(path, *found);
    }

    void entry(const std::string& directory_path, const dirent& found) {
        const std::string_view name = found.d_name;
        if (name.starts_with('.')) return;
        const std::string path = joined(directory_path, found.d_name);
        struct stat status{};
        if (found.d_type != DT_DIR && !is_manifest_name(name) && found.d_type != DT_UNKNOWN) return;
        if (::lstat(path.c_str(), &status) != 0) return; // gone since it was listed
        if (S_ISDIR(status.st_mode)) return directory(path);
        if (!is_manifest_name(name)) return;
        // A dangling link is a file that cannot be read: its reader reports it.
        const bool lost = S_ISLNK(status.st_mode) && ::stat(path.c_str(), &status) != 0;
        if (lost) tree_.files[path] = {};
        if (!lost && S_ISREG(status.st_mode)) tree_.files[path] = stamp(status);
    }

    ManifestTree& tree_;
};

} // namespace

bool is_manifest_name(std::string_view name) {
    return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"));
}

std::expected<FileStamp, std::error_code> stamp_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) return stamp(status);
    return std::unexpected(std::error_code(errno, std::generic_category()));
}

ManifestTree walk_manifests(const std::string& root) {
    ManifestTree tree;
    Walk(tree).root(root);
    std::ranges::sort(tree.directories);
    std::ranges::sort(tree.errors);
    return tree;
}

LoadedManifests load_manifests(std::span<const std::string> paths) {
    LoadedManifests loaded;
    ObjectClaims claims;
    std::map<UnknownKind, SkippedObject> skipped;
    for (const std::string& root : paths) {
        ManifestTree tree = walk_manifests(root);
        std::ranges::move(tree.errors, std::back_inserter(loaded.errors));
        for (const auto& [path, stamp] : tree.files) {
            const auto text = read_text(path);
            if (!text) {
                loaded.errors.push_back({path, 0, "cannot be read: " + text.error().message()});
                continue;
            }
            auto file = decode_manifest(path, *text);
            if (!file) {
                std::ranges::move(file.error(), std::back_inserter(loaded.errors));
                continue;
            }
            for (SkippedObject& object : file->skipped) skipped.try_emplace(object.kind, object);
            claims.set(path, std::move(file->objects));
        }
    }
    for (const Conflict& conflict : claims.conflicts()) loaded.errors.push_back(conflict.error());
    std::ranges::sort(loaded.errors);
    for (auto& [kind, object] : skipped) loaded.skipped.push_back(std::move(object));
    loaded.state = std::move(claims).take_state();
    return loaded;
}

} // namespace agent::cluster
