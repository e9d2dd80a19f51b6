// A routing socket to the kernel (rtnetlink), bound for good to the network namespace in which it
// was opened.
//
//   Request ──► Socket ──► kernel ──► acknowledgement | objects | Refusal
//
// The functions over it (link.h, interface_address.h, route.h, neighbour.h) request only the object
// that they need: a cache of all links or routes, as libnl's own object layer fills it, costs more
// with every pod on the node.
#pragma once

#include "ovs-cni/netlink/network_namespace.h"

#include <linux/netlink.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct nl_sock;

namespace ovs_cni::netlink {

class Request;

/// Why the kernel refused a request.
struct Refusal {
    int error = 0;      ///< an errno value
    std::string reason; ///< its text and, if there is one, the kernel's explanation
};

class Socket {
  public:
    /// In the calling thread's network namespace.
    [[nodiscard]] static Result<Socket> open();
    /// In `target`; the thread is back in its own namespace when this returns.
    [[nodiscard]] static Result<Socket> open_in(const NetworkNamespace& target);

    /// Sends a change and waits until the kernel has made it.
    [[nodiscard]] std::expected<void, Refusal> change(Request& request);
    /// Sends a query and calls `visit` for each object of the answer. Refused with EINTR when the
    /// objects changed while they were listed, so that the list may lack some or have some twice.
    [[nodiscard]] std::expected<void, Refusal> ask(Request& request, const std::function<void(const nlmsghdr&)>& visit);
    /// All objects of the answer that `read` accepts. The query is repeated while they change
    /// during the listing.
    template <typename Object> [[nodiscard]] std::expected<std::vector<Object>, Refusal>
    collect(Request& request, const std::function<std::optional<Object>(const nlmsghdr&)>& read);

  private:
    static constexpr int kListings = 20;

    struct Closer {
        void operator()(nl_sock* socket) const;
    };

    explicit Socket(std::unique_ptr<nl_sock, Closer> socket) : socket_(std::move(socket)) {}

    std::unique_ptr<nl_sock, Closer> socket_;
};

template <typename Object> std::expected<std::vector<Object>, Refusal>
Socket::collect(Request& request, const std::function<std::optional<Object>(const nlmsghdr&)>& read) {
    for (int listing = 1;; ++listing) {
        std::vector<Object> objects;
        const auto answered = ask(request, [&](const nlmsghdr& header) {
            if (auto object = read(header)) objects.push_back(std::move(*object));
        });
        if (answered) return objects;
        if (answered.error().error != EINTR || listing == kListings) return std::unexpected(answered.error());
    }
}

} // namespace ovs_cni::netlink
