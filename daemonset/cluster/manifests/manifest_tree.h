// The manifest files of a directory and everything below it.
//
//   root ──► walk_manifests ──► path and stamp of every *.yaml, *.yml and *.json
//        └─► load_manifests ──► ClusterState, once, without watching
#pragma once

#include "daemonset/cluster/manifests/manifest_file.h"
#include "flowgen/state/cluster_state.h"

#include <compare>
#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace agent::cluster {

/// Values that change when a file does.
struct FileStamp {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0; ///< ns since the epoch
    std::int64_t changed = 0;  ///< ns since the epoch, of the inode

    auto operator<=>(const FileStamp&) const = default;
};

struct ManifestTree {
    std::map<std::string, FileStamp> files; ///< by path, which begins with the root as given
    std::vector<std::string> directories;   ///< the root and those below, sorted
    std::vector<FileError> errors;          ///< of directories that could not be listed
};

/// Whether a file of this name is read: *.yaml, *.yml or *.json, and not hidden (no leading dot).
[[nodiscard]] bool is_manifest_name(std::string_view name);

/// The stamp of a file, symbolic links followed; the error of the operating system otherwise.
[[nodiscard]] std::expected<FileStamp, std::error_code> stamp_of(const std::string& path);

/// Lists a directory. Hidden files and directories are left out. Symbolic links to files are
/// followed (a dangling one has an empty stamp), those to directories (except for the root) are
/// not. A root that is a file is the tree of that one file, whatever its name.
[[nodiscard]] ManifestTree walk_manifests(const std::string& root);

struct LoadedManifests {
    flowgen::ClusterState state;
    std::vector<FileError> errors;      ///< sorted; the objects concerned are not in `state`
    std::vector<SkippedObject> skipped; ///< the first of each kind, sorted
};

/// Reads the files and directories at `paths` into one state. An object in two files is an error;
/// the file that sorts first takes precedence.
[[nodiscard]] LoadedManifests load_manifests(std::span<const std::string> paths);

} // namespace agent::cluster
