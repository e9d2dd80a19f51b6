#include "daemonset/cluster/manifests/manifest_file.h"

#include "posix/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

namespace agent::cluster {
namespace {

constexpr std::size_t kLargestFile = std::size_t{256} << 20;

std::unexpected<std::error_code> failed(int code) {
    return std::unexpected(std::error_code(code, std::generic_category()));
}

/// The error of a field, at the field's line.
FileError file_error(const std::string& file, const Document& document, const Problem& problem) {
    return {file, document.lines.at(problem.path), describe(document.object) + ": " + problem.text()};
}

} // namespace

std::string SkippedObject::text() const {
    return "skipped " + kind.kind + " (" + kind.api_version + "), which the network does not use, first in " + file +
           ":" + std::to_string(line);
}

std::expected<std::string, std::error_code> read_text(const std::string& path) {
    // O_NONBLOCK: a FIFO of that name must not stop us.
    const posix::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid()) return failed(errno);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return failed(errno);
    if (S_ISDIR(status.st_mode)) return failed(EISDIR);
    if (!S_ISREG(status.st_mode)) return failed(EINVAL);
    std::string text;
    text.reserve(static_cast<std::size_t>(status.st_size));
    std::array<char, 65536> chunk{};
    for (;;) {
        const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
        if (got == 0) return text;
        if (got < 0 && errno != EINTR) return failed(errno);
        if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
        if (text.size() > kLargestFile) return failed(EFBIG);
    }
}

std::expected<ManifestFile, std::vector<FileError>> decode_documents(const std::string& file,
                                                                     std::span<const Document> documents) {
    ManifestFile found;
    std::vector<FileError> errors;
    std::map<ObjectKey, int> lines;
    for (const Document& document : documents) {
        auto decoded = decode(document.object);
        if (!decoded) {
            for (const Problem& problem : decoded.error()) errors.push_back(file_error(file, document, problem));
            continue;
        }
        const int line = document.lines.line;
        if (const auto* unknown = std::get_if<UnknownKind>(&*decoded)) {
            if (std::ranges::find(found.skipped, *unknown, &SkippedObject::kind) == found.skipped.end())
                found.skipped.push_back({*unknown, file, line});
            continue;
        }
        auto& object = std::get<Object>(*decoded);
        const ObjectKey key = key_of(object);
        const auto [earlier, is_new] = lines.emplace(key, line);
        if (!is_new)
            errors.push_back({file, line,
                              key.text() + " is given twice in this file, first in line " +
                                  std::to_string(earlier->second) + ": remove one"});
        found.objects.push_back({std::move(object), line});
    }
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return found;
}

std::vector<RestrictedObject> restricted_policies(const std::string& file, std::string_view text) {
    std::vector<RestrictedObject> found;
    const auto documents = read_manifest(text, format_of(file));
    if (!documents) return found;
    for (const Document& document : *documents) {
        if (decode(document.object)) continue;
        auto restricted = fail_closed(document.object);
        if (!restricted) continue;
        const int line = document.lines.line;
        FileError reason{file, line, describe(document.object) + ": until this is fixed, " + restricted->consequence};
        found.push_back({{std::move(restricted->policy), line}, std::move(reason)});
    }
    return found;
}

std::expected<ManifestFile, std::vector<FileError>> decode_manifest(const std::string& file, std::string_view text) {
    const auto documents = read_manifest(text, format_of(file));
    if (!documents)
        return std::unexpected(std::vector{FileError{file, documents.error().line, documents.error().reason}});
    return decode_documents(file, *documents);
}

} // namespace agent::cluster
