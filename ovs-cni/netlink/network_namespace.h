// Network namespaces as files: open, compare, enter for a moment.
#pragma once

#include "outcome/result.h"
#include "posix/descriptor.h"

#include <cstdint>
#include <string>
#include <utility>

namespace ovs_cni::netlink {

using outcome::fail;
using outcome::Result;

/// An open network namespace, which exists at least as long as this object.
class NetworkNamespace {
  public:
    /// Errors: the path cannot be opened, or is not a network namespace (an ordinary file, a mount namespace ...).
    [[nodiscard]] static Result<NetworkNamespace> open(const std::string& path);
    /// The namespace of the calling thread.
    [[nodiscard]] static Result<NetworkNamespace> current();

    [[nodiscard]] int fd() const { return file_.get(); }
    /// Whether both are the same namespace, whichever paths opened them.
    [[nodiscard]] bool same_as(const NetworkNamespace& other) const { return id_ == other.id_; }

  private:
    NetworkNamespace(posix::Descriptor file, std::pair<std::uint64_t, std::uint64_t> id)
        : file_(std::move(file)), id_(id) {}

    posix::Descriptor file_;
    std::pair<std::uint64_t, std::uint64_t> id_; ///< device and inode on nsfs
};

/// While it exists, the calling thread is in the other namespace. Sockets opened in the meantime
/// stay there for good.
class EnteredNamespace {
  public:
    [[nodiscard]] static Result<EnteredNamespace> enter(const NetworkNamespace& target);

    EnteredNamespace(EnteredNamespace&& other) noexcept = default;
    EnteredNamespace& operator=(EnteredNamespace&&) = delete;
    EnteredNamespace(const EnteredNamespace&) = delete;
    EnteredNamespace& operator=(const EnteredNamespace&) = delete;
    /// Goes back. A thread that cannot go back must not continue in the wrong namespace, so the
    /// process ends.
    ~EnteredNamespace();

  private:
    explicit EnteredNamespace(NetworkNamespace origin) : origin_(std::move(origin)) {}

    NetworkNamespace origin_; ///< its fd is -1 once moved from
};

} // namespace ovs_cni::netlink
