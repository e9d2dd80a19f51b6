#include "daemonset/base/output_buffer.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace agent {

OutputBuffer::OutputBuffer(UnixSocket& socket, Failed failed)
    : socket_(socket), failed_(std::move(failed)), room_(socket.get_executor()) {}

void OutputBuffer::append(std::string_view text) {
    const auto* const first = reinterpret_cast<const std::uint8_t*>(text.data());
    bytes_.insert(bytes_.end(), first, first + text.size());
}

void OutputBuffer::flush() {
    while (!blocked_ && !closed_ && sent_ < bytes_.size()) {
        boost::system::error_code error;
        sent_ += socket_.write_some(boost::asio::buffer(bytes_.data() + sent_, bytes_.size() - sent_), error);
        if (error == boost::asio::error::would_block) {
            wait_until_writable();
        } else if (error) {
            close();
            failed_(error);
            return;
        }
    }
    give_back();
    room_.notify_all();
}

void OutputBuffer::wait_until_writable() {
    blocked_ = true;
    socket_.async_wait(boost::asio::socket_base::wait_write,
                       [this, alive = std::weak_ptr(alive_)](const boost::system::error_code&) {
                           if (alive.expired()) return;
                           blocked_ = false;
                           flush(); // after an error of the wait, writing reports it
                       });
}

/// Frees the sent bytes if they are all or many.
void OutputBuffer::give_back() {
    if (sent_ == bytes_.size()) {
        bytes_.clear();
        if (bytes_.capacity() > kKeptBytes) Bytes().swap(bytes_);
        sent_ = 0;
    } else if (sent_ > kRoomBytes) {
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
    }
}

Task<> OutputBuffer::room() {
    co_await boost::asio::post(socket_.get_executor(), boost::asio::use_awaitable);
    while (!closed_ && bytes_.size() - sent_ > kRoomBytes) co_await room_.wait();
}

void OutputBuffer::close() {
    closed_ = true;
    room_.notify_all();
}

} // namespace agent
