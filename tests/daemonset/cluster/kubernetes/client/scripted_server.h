// An HTTP server on loopback that answers as the test says, in the test's own process and thread.
//
//   request ──► recorded ──► Answer(request) ──► bytes as they are, or silence
#pragma once

#include <utility> // first: Boost.Asio's coroutines need it under g++ 12

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace agent::kubernetes {

class ScriptedServer {
  public:
    /// Gives the whole answer to a request (its text, "GET /path HTTP/1.1...", with its body); empty: none. What is not
    /// ended in it may be continued with `send`.
    using Answer = std::function<std::string(const std::string& request)>;

    ScriptedServer(boost::asio::io_context& context, Answer answer);
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;
    ~ScriptedServer() { stop(); }

    /// "http://127.0.0.1:PORT".
    [[nodiscard]] std::string url() const { return url_; }
    /// Everything that was asked, in order.
    [[nodiscard]] const std::vector<std::string>& requests() const { return state_->requests; }
    /// How many of the requests have this in them.
    [[nodiscard]] std::size_t count(std::string_view part) const;
    /// How many connections were taken.
    [[nodiscard]] std::size_t connections() const { return state_->connections; }
    /// Sends this on the open connections whose last request has `part` in it.
    void send(std::string_view part, const std::string& text);
    /// Takes no more connections and closes those that are open.
    void stop();

  private:
    struct Peer {
        boost::asio::ip::tcp::socket socket;
        std::string last_request;
    };
    struct State {
        State(boost::asio::io_context& context, Answer given);

        boost::asio::ip::tcp::acceptor acceptor;
        Answer answer;
        std::vector<std::string> requests;
        std::vector<std::shared_ptr<Peer>> peers;
        std::size_t connections = 0;
    };

    static boost::asio::awaitable<void> accept(std::shared_ptr<State> state);
    static boost::asio::awaitable<void> talk(std::shared_ptr<State> state, std::shared_ptr<Peer> peer);

    std::shared_ptr<State> state_;
    std::string url_;
};

/// Turns the event loop until `holds`, ten seconds at most; false when it never did.
[[nodiscard]] bool run_until(boost::asio::io_context& context, const std::function<bool()>& holds);

/// A port of loopback that nobody listens on.
[[nodiscard]] std::string unused_url();

/// A whole HTTP answer.
[[nodiscard]] std::string http_answer(unsigned status, const std::string& body);
/// The head of an answer that goes on in chunks, such as a watch.
inline const std::string kChunkedHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
/// A piece of it.
[[nodiscard]] std::string chunk(const std::string& text);
/// Its end.
inline const std::string kLastChunk = "0\r\n\r\n";

} // namespace agent::kubernetes
