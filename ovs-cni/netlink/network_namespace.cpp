#include "ovs-cni/netlink/network_namespace.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ovs_cni::netlink {

Result<NetworkNamespace> NetworkNamespace::open(const std::string& path) {
    posix::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return fail("cannot open the network namespace " + path + ": " + std::strerror(errno));
    struct statfs filesystem{};
    if (fstatfs(file.get(), &filesystem) != 0 || filesystem.f_type != NSFS_MAGIC ||
        ioctl(file.get(), NS_GET_NSTYPE) != CLONE_NEWNET)
        return fail(path + " is not a network namespace");
    struct stat status{};
    if (fstat(file.get(), &status) != 0) return fail("cannot examine " + path + ": " + std::strerror(errno));
    return NetworkNamespace(std::move(file), {status.st_dev, status.st_ino});
}

Result<NetworkNamespace> NetworkNamespace::current() { return open("/proc/thread-self/ns/net"); }

Result<EnteredNamespace> EnteredNamespace::enter(const NetworkNamespace& target) {
    ASSIGN_OR_RETURN(auto origin, NetworkNamespace::current());
    if (setns(target.fd(), CLONE_NEWNET) != 0)
        return fail(std::string("cannot enter the network namespace: ") + std::strerror(errno));
    return EnteredNamespace(std::move(origin));
}

EnteredNamespace::~EnteredNamespace() {
    if (origin_.fd() < 0 || setns(origin_.fd(), CLONE_NEWNET) == 0) return;
    std::perror("cannot leave the network namespace");
    std::abort();
}

} // namespace ovs_cni::netlink
