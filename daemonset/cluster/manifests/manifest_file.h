// One manifest file: its text, and the objects in it.
//
//   path ──► read_text ──► read_manifest ──► decode_documents ──► ManifestFile, or every FileError in it
//
// A file counts as a whole: if one object is invalid, none of it is used.
#pragma once

#include "daemonset/cluster/manifests/manifest_reader.h"
#include "daemonset/cluster/objects/object_decoder.h"

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace agent::cluster {

/// An object of a file, and its first line.
struct FileObject {
    Object object;
    int line = 0;
};

/// An object of a kind that the network does not use.
struct SkippedObject {
    UnknownKind kind;
    std::string file;
    int line = 0;

    auto operator<=>(const SkippedObject&) const = default;
    /// "skipped Service (v1), first in FILE:LINE: ...", for the log.
    [[nodiscard]] std::string text() const;
};

struct ManifestFile {
    std::vector<FileObject> objects;
    std::vector<SkippedObject> skipped; ///< the first of each kind
};

/// The whole text of a regular file; the error of the operating system otherwise. At most 256 MiB.
[[nodiscard]] std::expected<std::string, std::error_code> read_text(const std::string& path);

/// Decodes the documents of a file. Errors: every problem of every object, and duplicate objects.
[[nodiscard]] std::expected<ManifestFile, std::vector<FileError>> decode_documents(const std::string& file,
                                                                                   std::span<const Document> documents);

/// The policy enforced in place of one in a file that is not used.
struct RestrictedObject {
    FileObject object;
    FileError reason; ///< the consequence, beside the errors of its fields
};

/// The policies of `text` that cannot be read, failing closed; none if the text cannot be read at
/// all.
[[nodiscard]] std::vector<RestrictedObject> restricted_policies(const std::string& file, std::string_view text);

/// Reads and decodes `text`, the contents of `file`, whose name determines the format.
[[nodiscard]] std::expected<ManifestFile, std::vector<FileError>> decode_manifest(const std::string& file,
                                                                                  std::string_view text);

} // namespace agent::cluster
