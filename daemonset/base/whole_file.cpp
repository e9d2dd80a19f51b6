#include "daemonset/base/whole_file.h"

#include "posix/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace agent {
namespace {

namespace filesystem = std::filesystem;
using outcome::fail;
using outcome::Result;
using posix::Descriptor;

constexpr mode_t kPermissions = 07777;

std::unexpected<outcome::Error> refused(const std::string& doing, const filesystem::path& path) {
    const std::string reason = std::strerror(errno);
    return fail(doing + " " + path.string() + ": " + reason);
}

Result<void> write_all(int file, std::string_view bytes, const filesystem::path& path) {
    while (!bytes.empty()) {
        const auto written = write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return refused("write", path);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> write_beside(const filesystem::path& beside, std::string_view bytes, mode_t mode) {
    const Descriptor file(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file.valid()) return refused("create", beside);
    RETURN_IF_ERROR(write_all(file.get(), bytes, beside));
    // The mode given to open() is reduced by the umask, and unused if an interrupted write left the
    // file.
    if (fchmod(file.get(), mode) != 0) return refused("set the mode of", beside);
    if (fsync(file.get()) != 0) return refused("write to the disk", beside);
    return {};
}

Result<void> put_in_place(const filesystem::path& beside, const filesystem::path& path) {
    if (rename(beside.c_str(), path.c_str()) != 0) return refused("put in place", path);
    const Descriptor folder(open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid() || fsync(folder.get()) != 0) return refused("write to the disk", path.parent_path());
    return {};
}

bool is_there(const filesystem::path& path, std::string_view bytes, mode_t mode) {
    struct stat status{};
    if (lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    if ((status.st_mode & kPermissions) != mode || std::cmp_not_equal(status.st_size, bytes.size())) return false;
    const auto present = read_whole(path);
    return present && *present == bytes;
}

} // namespace

Result<std::string> read_whole(const filesystem::path& path, std::string_view what) {
    const auto doing = [&](const char* verb) { return verb + (what.empty() ? "" : " " + std::string(what)); };
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return refused(doing("open"), path);
    std::string bytes;
    std::array<char, 65536> chunk{};
    while (true) {
        const auto size = read(file.get(), chunk.data(), chunk.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return refused(doing("read"), path);
        if (size == 0) return bytes;
        bytes.append(chunk.data(), static_cast<std::size_t>(size));
    }
}

Result<bool> write_whole(const filesystem::path& path, std::string_view bytes, mode_t mode) {
    if (is_there(path, bytes, mode)) return false;
    std::error_code error;
    filesystem::create_directories(path.parent_path(), error);
    if (error) return fail("create the folder " + path.parent_path().string() + ": " + error.message());
    const auto beside = path.parent_path() / ("." + path.filename().string() + ".new");
    auto done = write_beside(beside, bytes, mode);
    if (done) done = put_in_place(beside, path);
    if (done) return true;
    filesystem::remove(beside, error); // a file that cannot be removed is overwritten by the next attempt
    return std::unexpected(done.error());
}

} // namespace agent
