#include "daemonset/host/sysctl.h"

#include "posix/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace agent {
namespace {

std::unexpected<outcome::Error> refused(const std::string& doing, const std::filesystem::path& path) {
    const bool read_only = errno == EROFS;
    const std::string reason = std::strerror(errno);
    return outcome::fail(
        doing + " " + path.string() + ": " + reason +
        (read_only ? "; set it on the host, or give sysctlDirectory a folder that can be written" : ""));
}

outcome::Result<void> write_sysctl(const std::filesystem::path& folder, const Sysctl& setting) {
    const auto path = folder / setting.path;
    const posix::Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.valid()) return refused("write " + setting.value + " to", path);
    const auto written = write(file.get(), setting.value.data(), setting.value.size());
    if (written != static_cast<ssize_t>(setting.value.size())) return refused("write " + setting.value + " to", path);
    return {};
}

} // namespace

outcome::Result<std::string> read_sysctl(const std::filesystem::path& folder, const std::string& path) {
    const posix::Descriptor file(open((folder / path).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return refused("open", folder / path);
    std::array<char, 256> buffer{};
    const auto size = read(file.get(), buffer.data(), buffer.size());
    if (size < 0) return refused("read", folder / path);
    std::string value(buffer.data(), static_cast<std::size_t>(size));
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
}

outcome::Result<std::vector<Sysctl>> ensure_sysctls(const std::filesystem::path& folder,
                                                    const std::vector<Sysctl>& settings) {
    std::vector<Sysctl> written;
    for (const auto& setting : settings) {
        ASSIGN_OR_RETURN(auto present, read_sysctl(folder, setting.path));
        if (present == setting.value) continue;
        RETURN_IF_ERROR(write_sysctl(folder, setting));
        written.push_back(setting);
    }
    return written;
}

} // namespace agent
