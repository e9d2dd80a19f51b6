#include "daemonset/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace agent {
namespace {

constexpr auto kRoot = "/proc/sys/net/";

std::unexpected<ipam::Error> refused(const std::string& doing, const std::string& path) {
    return ipam::fail(doing + " " + kRoot + path + ": " + std::strerror(errno));
}

ipam::Result<void> write_sysctl(const Sysctl& setting) {
    const int file = open((kRoot + setting.path).c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return refused("open", setting.path);
    const auto written = write(file, setting.value.data(), setting.value.size());
    const bool failed = written != static_cast<ssize_t>(setting.value.size());
    const int reason = errno;
    close(file);
    errno = reason;
    if (failed) return refused("write " + setting.value + " to", setting.path);
    return {};
}

} // namespace

ipam::Result<std::string> read_sysctl(const std::string& path) {
    const int file = open((kRoot + path).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return refused("open", path);
    std::array<char, 256> buffer{};
    const auto size = read(file, buffer.data(), buffer.size());
    const int reason = errno;
    close(file);
    errno = reason;
    if (size < 0) return refused("read", path);
    std::string value(buffer.data(), static_cast<std::size_t>(size));
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
}

ipam::Result<std::vector<Sysctl>> ensure_sysctls(const std::vector<Sysctl>& settings) {
    std::vector<Sysctl> written;
    for (const auto& setting : settings) {
        auto present = read_sysctl(setting.path);
        if (!present) return std::unexpected(present.error());
        if (*present == setting.value) continue;
        if (auto done = write_sysctl(setting); !done) return std::unexpected(done.error());
        written.push_back(setting);
    }
    return written;
}

} // namespace agent
