// Bytes on their way into a non-blocking stream socket: bytes that the kernel does not take at once
// wait here.
//
//   bytes() ── append to them, then flush() ──► socket ──► peer
//      ▲             └── would block ──► wait until the peer has read ──► flush continues by itself
//   room(): a writer with much output lets the peer read first
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
    static constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;  ///< a larger buffer is freed when empty

    /// The socket must be non-blocking when bytes are flushed, and must outlive this object.
    /// `failed` is called, at most once, when a write fails for another reason than a peer that
    /// reads slowly.
    OutputBuffer(UnixSocket& socket, Failed failed);
    OutputBuffer(const OutputBuffer&) = delete;
    OutputBuffer& operator=(const OutputBuffer&) = delete;
    ~OutputBuffer() = default;

    /// The output, to append to. Sent bytes may still precede it.
    [[nodiscard]] Bytes& bytes() { return bytes_; }
    void append(std::string_view text);
    /// Sends what the socket takes now, and the rest as soon as it takes more.
    void flush();
    /// Returns when the unsent output is small enough, so that memory stays bounded however much is
    /// written. Lets other coroutines run in any case. Also returns when the buffer is closed.
    Task<> room();
    /// Sends nothing more; room() returns.
    void close();

  private:
    void wait_until_writable();
    void give_back();

    UnixSocket& socket_;
    Failed failed_;
    Bytes bytes_;
    std::size_t sent_ = 0; ///< how much of bytes_ the kernel has taken
    bool blocked_ = false; ///< waiting until the socket takes more
    bool closed_ = false;
    Wakeup room_;
    std::shared_ptr<void> alive_ = std::make_shared<bool>(); ///< tells a wait that ends later that this object is gone
};

} // namespace agent
