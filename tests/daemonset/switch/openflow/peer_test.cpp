// Both connections against scripted peers: messages that a real switch sends rarely, or never.
#include "tests/daemonset/switch/real_switch.h"

#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <gmock/gmock.h>

#include <cstdlib>
#include <functional>

namespace agent {
namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using Socket = boost::asio::local::stream_protocol::socket;

/// A unix socket whose single client meets this script. The connection ends with the script.
class PeerTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "peer-test.XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        acceptor.emplace(loop, boost::asio::local::stream_protocol::endpoint(path()));
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    void serve(std::function<awaitable<void>(Socket&)> wanted) {
        script = std::move(wanted);
        boost::asio::co_spawn(loop, accept_one(), boost::asio::detached);
    }
    [[nodiscard]] std::string path() const { return folder / "socket"; }

    boost::asio::io_context loop;
    std::filesystem::path folder;
    std::optional<boost::asio::local::stream_protocol::acceptor> acceptor;
    std::function<awaitable<void>(Socket&)> script;

  private:
    awaitable<void> accept_one() {
        auto socket = co_await acceptor->async_accept(use_awaitable);
        co_await script(socket);
    }
};

awaitable<void> send(Socket& socket, Bytes bytes) {
    co_await boost::asio::async_write(socket, boost::asio::buffer(bytes), use_awaitable);
}

awaitable<Bytes> receive_message(Socket& socket) {
    Bytes message(8);
    co_await boost::asio::async_read(socket, boost::asio::buffer(message), use_awaitable);
    message.resize(static_cast<std::size_t>(message[2] << 8 | message[3]));
    co_await boost::asio::async_read(socket, boost::asio::buffer(message.data() + 8, message.size() - 8),
                                     use_awaitable);
    co_return message;
}

/// Hello, and an empty answer to the request for a flow monitor.
awaitable<void> greet(Socket& socket) {
    Bytes hello{6, 0, 0, 8, 0, 0, 0, 1};
    co_await send(socket, std::move(hello));
    co_await receive_message(socket);
    const auto request = co_await receive_message(socket);
    Bytes answer{6,          19,         0, 16, request[4], request[5], request[6], request[7],
                 request[8], request[9], 0, 0,  0,          0,          0,          0};
    co_await send(socket, std::move(answer));
}

using OpenFlowPeer = PeerTest;

TEST_F(OpenFlowPeer, echo_requests_are_answered) {
    Bytes answer;
    serve([&](Socket& socket) -> awaitable<void> {
        co_await greet(socket);
        Bytes echo{6, 2, 0, 11, 9, 8, 7, 6, 'a', 'b', 'c'}; // a length that leaves the next message at an odd address
        co_await send(socket, std::move(echo));
        answer = co_await receive_message(socket);
    });
    const auto connection = must(run(loop, OpenFlowConnection::connect(path())));
    const auto event = run(loop, connection->next_event()); // the script has ended
    EXPECT_TRUE(std::holds_alternative<ConnectionLost>(event));
    EXPECT_EQ(answer, (Bytes{6, 3, 0, 11, 9, 8, 7, 6, 'a', 'b', 'c'}));
}

TEST_F(OpenFlowPeer, a_message_shorter_than_its_header_ends_the_connection) {
    serve([](Socket& socket) -> awaitable<void> {
        Bytes bytes{6, 0, 0, 8, 0, 0, 0, 1, 6, 2, 0, 3, 0, 0, 0, 1};
        co_await send(socket, std::move(bytes));
        co_await receive_message(socket);
        co_await receive_message(socket);
    });
    const auto connection = run(loop, OpenFlowConnection::connect(path()));
    ASSERT_FALSE(connection);
    EXPECT_THAT(connection.error().message, HasSubstr("impossible length"));
}

TEST_F(OpenFlowPeer, a_connection_that_ends_in_a_bundle_is_an_error_of_the_bundle) {
    serve([](Socket& socket) -> awaitable<void> {
        co_await greet(socket);
        co_await receive_message(socket); // the bundle is opened
    });
    const auto connection = must(run(loop, OpenFlowConnection::connect(path())));
    flowgen::FlowDelta delta;
    for (std::uint16_t priority = 0; priority < 20000; ++priority)
        delta.added_or_changed.push_back({{1, priority, {}}, {}});
    const auto applied = run(loop, connection->apply(delta));
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr(path()));
}

using DatabasePeer = PeerTest;

awaitable<std::string> receive_text(Socket& socket, std::string_view last) {
    std::string text;
    co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(text), last, use_awaitable);
    co_return text;
}

awaitable<void> send_text(Socket& socket, std::string text) {
    for (const char& byte : text) // one at a time, as a stream may deliver them
        co_await boost::asio::async_write(socket, boost::asio::buffer(&byte, 1), use_awaitable);
}

TEST_F(DatabasePeer, an_answer_in_many_pieces_with_braces_in_its_texts_is_read_whole) {
    serve([](Socket& socket) -> awaitable<void> {
        co_await receive_text(socket, "\"monitor\"");
        std::string answer =
            R"({"id":1,"error":null,"result":{"Interface":{"u-1":{"new":{"name":"a","type":"","ofport":7,)"
            R"("ofport_request":["set",[]],"error":["set",[]],"mtu_request":["set",[]],"mac_in_use":)"
            R"(["set",[]],"options":["map",[]],"external_ids":["map",[["k","}}{\"\\"]]]}}}}})";
        co_await send_text(socket, std::move(answer));
    });
    const auto database = must(run(loop, SwitchDatabase::connect(path())));
    ASSERT_NE(database->view().interface("a"), nullptr);
    EXPECT_EQ(database->view().interface("a")->ofport, 7);
    EXPECT_THAT(database->view().interface("a")->external_ids, Contains(Pair("k", R"(}}{"\)")));
}

TEST_F(DatabasePeer, echo_requests_are_answered) {
    std::string answer;
    serve([&](Socket& socket) -> awaitable<void> {
        co_await receive_text(socket, "\"monitor\"");
        std::string text = R"({"id":1,"error":null,"result":{}}{"id":"e","method":"echo","params":["x"]})";
        co_await send_text(socket, std::move(text));
        answer = co_await receive_text(socket, "[\"x\"]}");
    });
    const auto database = must(run(loop, SwitchDatabase::connect(path())));
    EXPECT_TRUE(std::holds_alternative<DatabaseLost>(run(loop, database->next_event())));
    EXPECT_THAT(answer, HasSubstr(R"("id":"e","result":["x"])"));
}

TEST_F(DatabasePeer, what_is_not_what_the_protocol_says_ends_the_connection) {
    for (const auto* const nonsense : {"{\"id\":1,\"error\":null,\"result\":{\"Interface\":{\"u\":{\"new\":{}}}}}",
                                       "{\"id\":1}", "{nonsense}", "{\"method\":5}", "[1]", "}"}) {
        serve([nonsense](Socket& socket) -> awaitable<void> {
            co_await receive_text(socket, "\"monitor\"");
            std::string text = nonsense;
            co_await send_text(socket, std::move(text));
        });
        const auto database = run(loop, SwitchDatabase::connect(path()));
        ASSERT_FALSE(database) << nonsense;
        EXPECT_THAT(database.error().message, HasSubstr(path()));
    }
}

TEST_F(DatabasePeer, an_error_answer_is_the_servers_words) {
    serve([](Socket& socket) -> awaitable<void> {
        co_await receive_text(socket, "\"monitor\"");
        std::string text = R"({"id":1,"error":{"error":"unknown database","details":"no Open_vSwitch"},"result":null})";
        co_await send_text(socket, std::move(text));
    });
    const auto database = run(loop, SwitchDatabase::connect(path()));
    ASSERT_FALSE(database);
    EXPECT_THAT(database.error().message, HasSubstr("unknown database: no Open_vSwitch"));
}

} // namespace
} // namespace agent
