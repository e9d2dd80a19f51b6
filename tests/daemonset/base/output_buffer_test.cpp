// A buffer against one end of a pair of sockets, whose other end reads at the test's command.
#include "daemonset/base/output_buffer.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {
namespace {

constexpr std::size_t kMuch = std::size_t{3} * 1024 * 1024; ///< more than sockets hold, and than room() lets wait

std::string numbered(std::size_t size) {
    std::string text;
    for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
    text.resize(size);
    return text;
}

class OutputBufferTest : public ::testing::Test {
  protected:
    void SetUp() override {
        boost::asio::local::connect_pair(socket, peer);
        socket.non_blocking(true);
        peer.non_blocking(true);
        buffer.emplace(socket, [this](const boost::system::error_code& reason) { failures.push_back(reason); });
    }

    /// The bytes that the peer can read at once, at most this many.
    std::string read_some(std::size_t most) {
        std::string bytes(most, '\0');
        boost::system::error_code error;
        bytes.resize(peer.read_some(boost::asio::buffer(bytes), error));
        return bytes;
    }
    /// Reads in small pieces, letting the loop run in between, until nothing more arrives.
    std::string read_slowly(std::size_t piece) {
        std::string all;
        for (auto bytes = read_some(piece); !bytes.empty(); bytes = read_some(piece)) {
            all += bytes;
            run_ready();
        }
        return all;
    }
    void run_ready() {
        loop.restart();
        loop.poll();
    }
    /// Starts room(), and sets `done` when it has returned.
    void ask_for_room(bool& done) {
        boost::asio::co_spawn(
            loop,
            [this, &done]() -> Task<> {
                co_await buffer->room();
                done = true;
            },
            boost::asio::detached);
    }

    boost::asio::io_context loop;
    UnixSocket socket{loop};
    UnixSocket peer{loop};
    std::vector<boost::system::error_code> failures;
    std::optional<OutputBuffer> buffer;
};

TEST_F(OutputBufferTest, a_peer_that_reads_slowly_gets_every_byte_in_order) {
    const auto text = numbered(kMuch);
    buffer->append(text);
    buffer->flush();
    EXPECT_FALSE(buffer->bytes().empty()); // the kernel has not taken all of it
    EXPECT_TRUE(read_slowly(5000) == text);
    EXPECT_TRUE(failures.empty());
}

TEST_F(OutputBufferTest, what_is_appended_while_the_peer_does_not_read_follows_what_waits) {
    const auto text = numbered(kMuch);
    std::string got;
    for (std::size_t sent = 0; sent < text.size(); sent += 100000) {
        buffer->append(std::string_view(text).substr(sent, 100000));
        buffer->flush();
        got += read_some(30000);
        run_ready();
    }
    got += read_slowly(30000);
    EXPECT_TRUE(got == text);
}

TEST_F(OutputBufferTest, there_is_room_only_when_the_peer_has_read) {
    buffer->append(numbered(kMuch));
    buffer->flush();
    bool done = false;
    ask_for_room(done);
    run_ready();
    EXPECT_FALSE(done);
    std::size_t read = 0;
    while (!done) {
        const auto bytes = read_some(5000);
        ASSERT_FALSE(bytes.empty());
        read += bytes.size();
        run_ready();
    }
    EXPECT_GE(read + OutputBuffer::kRoomBytes + std::size_t{1024} * 1024,
              kMuch);       // not before, but for the kernel's part
    EXPECT_LT(read, kMuch); // and not only when all is sent
}

TEST_F(OutputBufferTest, memory_is_given_back_while_sending_and_when_all_is_sent) {
    buffer->append(numbered(kMuch));
    buffer->flush();
    std::size_t least_kept = buffer->bytes().size();
    for (auto bytes = read_some(5000); !bytes.empty(); bytes = read_some(5000)) {
        run_ready();
        if (!buffer->bytes().empty()) least_kept = std::min(least_kept, buffer->bytes().size());
    }
    EXPECT_LT(least_kept, kMuch / 2);
    EXPECT_TRUE(buffer->bytes().empty());
    EXPECT_LE(buffer->bytes().capacity(), OutputBuffer::kKeptBytes);
}

TEST_F(OutputBufferTest, a_peer_that_is_gone_is_told_once) {
    peer.close();
    for (int i = 0; i < 2; ++i) {
        buffer->append("x");
        buffer->flush();
    }
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures.front(), boost::asio::error::broken_pipe);
}

TEST_F(OutputBufferTest, a_peer_that_goes_while_bytes_wait_is_told_and_ends_the_wait_for_room) {
    buffer->append(numbered(kMuch));
    buffer->flush();
    bool done = false;
    ask_for_room(done);
    run_ready();
    EXPECT_TRUE(failures.empty());
    peer.close();
    run_ready();
    EXPECT_EQ(failures.size(), 1U);
    EXPECT_TRUE(done);
}

TEST_F(OutputBufferTest, a_closed_buffer_sends_nothing_and_lets_everybody_go_on) {
    buffer->append(numbered(kMuch));
    buffer->flush();
    bool done = false;
    ask_for_room(done);
    run_ready();
    buffer->close();
    const auto before = read_slowly(5000); // what the kernel had taken
    EXPECT_LT(before.size(), kMuch);
    EXPECT_TRUE(done);
    EXPECT_TRUE(failures.empty());
}

TEST_F(OutputBufferTest, one_that_goes_while_bytes_wait_is_not_touched_any_more) {
    buffer->append(numbered(kMuch));
    buffer->flush();
    buffer.reset();
    const auto before = read_slowly(5000);
    EXPECT_LT(before.size(), kMuch);
    EXPECT_TRUE(failures.empty());
}

} // namespace
} // namespace agent
