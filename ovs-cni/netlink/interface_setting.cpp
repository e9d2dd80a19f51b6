#include "ovs-cni/netlink/interface_setting.h"

#include "posix/descriptor.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ovs_cni::netlink {

using posix::Descriptor;

Result<void> disable_checksum_offload(const std::string& interface) {
    const auto failed = [&] {
        return fail("cannot switch checksum offload off on " + interface + ": " + std::strerror(errno));
    };
    const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return failed();
    ethtool_value off{ETHTOOL_STXCSUM, 0};
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&off);
    // Scatter-gather and segmentation need checksum offload; the kernel disables them along with
    // it.
    if (ioctl(socket.get(), SIOCETHTOOL, &request) != 0) return failed();
    return {};
}

Result<void> enable_ipv6(const std::string& interface) {
    const std::string path = "/proc/sys/net/ipv6/conf/" + interface + "/disable_ipv6";
    const auto failed = [&] {
        return fail("cannot enable IPv6 on " + interface + ": " + path + ": " + std::strerror(errno));
    };
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return failed();
    char value = 0;
    if (read(file.get(), &value, 1) != 1) return failed();
    if (value == '0') return {};
    // Opened for writing only when needed: a sandbox may have its settings mounted read-only.
    const Descriptor writable(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!writable.valid() || write(writable.get(), "0", 1) != 1) return failed();
    return {};
}

} // namespace ovs_cni::netlink
