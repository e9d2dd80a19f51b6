// Bytes on their way into a stream socket that does not block: what the kernel does not take at once waits here.
//
//   bytes() ── append to them, then flush() ──► socket ──► peer
//      ▲             └── would block ──► wait until the peer has read ──► flush goes on by itself
//   room(): a writer that has much to say lets the peer read first
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/base/unix_socket.h"
#include "daemonset/base/wakeup.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace agent {

class OutputBuffer {
  public:
    using Bytes = std::vector<std::uint8_t>;
    using Failed = std::function<void(const boost::system::error_code& reason)>;

    static constexpr std::size_t kRoomBytes = std::size_t{512} * 1024; ///< room() waits while more than this does
    static constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;  ///< a larger buffer is given back when empty

    /// The socket must be non-blocking when something is flushed, and live as long as this does. `failed` is called,
    /// at most once, when it does not take the bytes for another reason than a peer that reads slowly.
    OutputBuffer(UnixSocket& socket, Failed failed);
    OutputBuffer(const OutputBuffer&) = delete;
    OutputBuffer& operator=(const OutputBuffer&) = delete;
    ~OutputBuffer() = default;

    /// What is to be sent: only to be appended to. What has been sent may still stand before it.
    [[nodiscard]] Bytes& bytes() { return bytes_; }
    void append(std::string_view text);
    /// Sends what the socket takes now, and the rest as soon as it takes more.
    void flush();
    /// Returns when little enough waits to be sent, so that memory stays bounded however much there is to say; lets
    /// other coroutines run in any case. Returns too when the buffer is closed.
    Task<> room();
    /// Nothing is sent any more; room() returns.
    void close();

  private:
    void wait_until_writable();
    void give_back();

    UnixSocket& socket_;
    Failed failed_;
    Bytes bytes_;
    std::size_t sent_ = 0; ///< how much of bytes_ the kernel has taken
    bool blocked_ = false; ///< a wait for the socket to take more is under way
    bool closed_ = false;
    Wakeup room_;
    std::shared_ptr<void> alive_ = std::make_shared<bool>(); ///< tells a wait that ends later that this is gone
};

} // namespace agent
