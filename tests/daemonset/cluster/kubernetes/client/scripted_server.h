// An HTTP server on loopback with scripted answers, in the test's own process and thread.
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
    /// Returns the whole answer to a request (its text, "GET /path HTTP/1.1...", with its body);
    /// empty: no answer. An incomplete answer may be continued with `send`.
    using Answer = std::function<std::string(const std::string& request)>;

    ScriptedServer(boost::asio::io_context& context, Answer answer);
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;
    ~ScriptedServer() { stop(); }

    /// "http://127.0.0.1:PORT".
    [[nodiscard]] std::string url() const { return url_; }
    /// All requests, in order.
    [[nodiscard]] const std::vector<std::string>& requests() const { return state_->requests; }
    /// How many requests contain this text.
    [[nodiscard]] std::size_t count(std::string_view part) const;
    /// How many connections were accepted.
    [[nodiscard]] std::size_t connections() const { return state_->connections; }
    /// Sends this on the open connections whose last request contains `part`.
    void send(std::string_view part, const std::string& text);
    /// Accepts no more connections and closes the open ones.
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

/// Runs the event loop until `holds`, ten seconds at most; false when it never did.
[[nodiscard]] bool run_until(boost::asio::io_context& context, const std::function<bool()>& holds);

/// A loopback port without a listener.
[[nodiscard]] std::string unused_url();

/// A whole HTTP answer.
[[nodiscard]] std::string http_answer(unsigned status, const std::string& body);
/// The head of an answer that continues in chunks, such as a watch.
inline const std::string kChunkedHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
/// A piece of it.
[[nodiscard]] std::string chunk(const std::string& text);
/// Its end.
inline const std::string kLastChunk = "0\r\n\r\n";

} // namespace agent::kubernetes
