#include "tests/daemonset/cluster/kubernetes/client/scripted_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace agent::kubernetes {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds kPatience{10};

/// The length of the body that a request's head announces.
std::size_t body_size(const std::string& head) {
    constexpr std::string_view field = "Content-Length: ";
    const auto place = head.find(field);
    return place == std::string::npos ? 0 : std::stoul(head.substr(place + field.size()));
}

tcp::endpoint any_port() { return {asio::ip::address_v4::loopback(), 0}; }

} // namespace

ScriptedServer::State::State(asio::io_context& context, Answer given)
    : acceptor(context, any_port()), answer(std::move(given)) {}

ScriptedServer::ScriptedServer(asio::io_context& context, Answer answer)
    : state_(std::make_shared<State>(context, std::move(answer))),
      url_("http://127.0.0.1:" + std::to_string(state_->acceptor.local_endpoint().port())) {
    asio::co_spawn(context, accept(state_), asio::detached);
}

asio::awaitable<void> ScriptedServer::accept(std::shared_ptr<State> state) {
    while (true) {
        boost::system::error_code error;
        tcp::socket socket = co_await state->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        ++state->connections;
        auto peer = std::make_shared<Peer>(std::move(socket), "");
        state->peers.push_back(peer);
        asio::co_spawn(state->acceptor.get_executor(), talk(state, std::move(peer)), asio::detached);
    }
}

asio::awaitable<void> ScriptedServer::talk(std::shared_ptr<State> state, std::shared_ptr<Peer> peer) {
    std::string text;
    boost::system::error_code error;
    while (true) {
        auto size = co_await asio::async_read_until(peer->socket, asio::dynamic_buffer(text), "\r\n\r\n",
                                                    asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        size += body_size(text.substr(0, size));
        if (size > text.size())
            co_await asio::async_read(peer->socket, asio::dynamic_buffer(text),
                                      asio::transfer_exactly(size - text.size()),
                                      asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        peer->last_request = text.substr(0, size);
        text.erase(0, size);
        state->requests.push_back(peer->last_request);
        const std::string answer = state->answer(peer->last_request);
        co_await asio::async_write(peer->socket, asio::buffer(answer),
                                   asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
    }
}

std::size_t ScriptedServer::count(std::string_view part) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        requests(), [&](const auto& request) { return request.find(part) != std::string::npos; }));
}

void ScriptedServer::send(std::string_view part, const std::string& text) {
    for (const auto& peer : state_->peers) {
        if (!peer->socket.is_open() || peer->last_request.find(part) == std::string::npos) continue;
        boost::system::error_code gone; // the client may have left
        asio::write(peer->socket, asio::buffer(text), gone);
    }
}

void ScriptedServer::stop() {
    boost::system::error_code ignored; // stopping twice is fine
    state_->acceptor.close(ignored);
    for (const auto& peer : state_->peers) peer->socket.close(ignored);
}

bool run_until(asio::io_context& context, const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!holds())
        if (context.run_one_until(deadline) == 0) return holds();
    return true;
}

std::string unused_url() {
    asio::io_context context;
    const tcp::acceptor taken(context, any_port());
    return "http://127.0.0.1:" + std::to_string(taken.local_endpoint().port());
}

std::string http_answer(unsigned status, const std::string& body) {
    return fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
                       body.size(), body);
}

std::string chunk(const std::string& text) { return fmt::format("{:x}\r\n{}\r\n", text.size(), text); }

} // namespace agent::kubernetes
