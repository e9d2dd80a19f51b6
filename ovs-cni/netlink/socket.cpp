#include "ovs-cni/netlink/socket.h"

#include "ovs-cni/netlink/request.h"

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace ovs_cni::netlink {
namespace {

/// The kernel's own explanation, which the acknowledgement carries behind the error number and the
/// header of the message that it answers (the whole message is left out, see NETLINK_CAP_ACK).
std::string explanation(const nlmsghdr& header) {
    if (!(header.nlmsg_flags & NLM_F_ACK_TLVS)) return {};
    const auto* const attributes =
        reinterpret_cast<const nlattr*>(static_cast<const char*>(nlmsg_data(&header)) + sizeof(nlmsgerr));
    const int length = nlmsg_datalen(&header) - static_cast<int>(sizeof(nlmsgerr));
    const nlattr* const text = nla_find(attributes, length, NLMSGERR_ATTR_MSG);
    return text ? std::string(": ") + static_cast<const char*>(nla_data(text)) : std::string();
}

Refusal refusal(int error, const std::string& more = {}) { return {error, std::strerror(error) + more}; }

/// What one message means for the whole answer: it continues (nothing), it is complete, or it was
/// refused.
using Verdict = std::optional<std::expected<void, Refusal>>;

Verdict examine(const nlmsghdr& header, const std::function<void(const nlmsghdr&)>* visit) {
    if (header.nlmsg_type == NLMSG_ERROR) {
        const auto& answer = *static_cast<const nlmsgerr*>(nlmsg_data(&header));
        if (answer.error == 0) return std::expected<void, Refusal>{};
        return std::unexpected(refusal(-answer.error, explanation(header)));
    }
    if (header.nlmsg_type == NLMSG_DONE) {
        const int error = *static_cast<const int*>(nlmsg_data(&header));
        if (error >= 0) return std::expected<void, Refusal>{};
        return std::unexpected(refusal(-error));
    }
    if (visit) (*visit)(header);
    return std::nullopt;
}

/// Reads messages until one of them ends the answer to `sequence`.
std::expected<void, Refusal> receive(nl_sock* socket, std::uint32_t sequence,
                                     const std::function<void(const nlmsghdr&)>* visit) {
    bool interrupted = false;
    for (;;) {
        sockaddr_nl sender{};
        unsigned char* buffer = nullptr;
        const int size = nl_recv(socket, &sender, &buffer, nullptr);
        const std::unique_ptr<unsigned char, decltype(&std::free)> owner(buffer, &std::free);
        if (size == -NLE_AGAIN || size == 0) continue;
        if (size < 0) return std::unexpected(Refusal{EIO, nl_geterror(size)});
        int left = size;
        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer); nlmsg_ok(header, left);
             header = nlmsg_next(header, &left)) {
            if (header->nlmsg_seq != sequence) continue;
            interrupted = interrupted || (header->nlmsg_flags & NLM_F_DUMP_INTR);
            auto verdict = examine(*header, visit);
            if (verdict && *verdict && interrupted) return std::unexpected(refusal(EINTR));
            if (verdict) return *verdict;
        }
    }
}

std::expected<void, Refusal> talk(nl_sock* socket, Request& request,
                                  const std::function<void(const nlmsghdr&)>* visit) {
    nlmsg_hdr(request.message())->nlmsg_seq = NL_AUTO_SEQ; // a new number each time, also when a request is repeated
    const int sent = nl_send_auto(socket, request.message());
    if (sent < 0) return std::unexpected(Refusal{EIO, nl_geterror(sent)});
    return receive(socket, nlmsg_hdr(request.message())->nlmsg_seq, visit);
}

/// Sets an option that older kernels lack: without it answers are longer or plainer, but correct.
void try_option(nl_sock* socket, int option) {
    const int on = 1;
    (void)setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, option, &on, sizeof on);
}

} // namespace

void Socket::Closer::operator()(nl_sock* socket) const { nl_socket_free(socket); }

Result<Socket> Socket::open() {
    std::unique_ptr<nl_sock, Closer> socket(nl_socket_alloc());
    if (!socket) return fail("cannot allocate a routing socket");
    const int error = nl_connect(socket.get(), NETLINK_ROUTE);
    if (error < 0) return fail(std::string("cannot open a routing socket: ") + nl_geterror(error));
    try_option(socket.get(), NETLINK_EXT_ACK);
    try_option(socket.get(), NETLINK_CAP_ACK);
    try_option(socket.get(), NETLINK_GET_STRICT_CHK);
    nl_socket_disable_auto_ack(socket.get());
    // The kernel never fills more than 32 KiB at a time, so the size need not be queried before
    // each read.
    nl_socket_set_msg_buf_size(socket.get(), 32768);
    nl_socket_disable_msg_peek(socket.get());
    return Socket(std::move(socket));
}

Result<Socket> Socket::open_in(const NetworkNamespace& target) {
    ASSIGN_OR_RETURN([[maybe_unused]] const auto inside, EnteredNamespace::enter(target));
    return open();
}

std::expected<void, Refusal> Socket::change(Request& request) {
    nlmsg_hdr(request.message())->nlmsg_flags |= NLM_F_ACK;
    return talk(socket_.get(), request, nullptr);
}

std::expected<void, Refusal> Socket::ask(Request& request, const std::function<void(const nlmsghdr&)>& visit) {
    // A dump ends with NLMSG_DONE; the answer about a single object ends with the acknowledgement.
    auto& header = *nlmsg_hdr(request.message());
    if (!(header.nlmsg_flags & NLM_F_DUMP)) header.nlmsg_flags |= NLM_F_ACK;
    return talk(socket_.get(), request, &visit);
}

} // namespace ovs_cni::netlink
