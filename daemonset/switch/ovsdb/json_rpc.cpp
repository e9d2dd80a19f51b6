#include "daemonset/switch/ovsdb/json_rpc.h"

#include <cstddef>

namespace agent {

using outcome::Error;
using outcome::fail;
using outcome::Result;

namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;
constexpr std::size_t kKeptBytes = std::size_t{256} * 1024; ///< a larger input buffer is freed when empty
constexpr auto kPatience = std::chrono::seconds(30);

} // namespace

JsonRpc::JsonRpc(const boost::asio::any_io_executor& executor, std::string socket)
    : executor_(executor), path_(std::move(socket)), socket_(executor),
      output_(socket_,
              [this](const boost::system::error_code& reason) {
                  close(Error{"write to the switch's database at " + path_ + ": " + reason.message()});
              }),
      chunk_(kChunkBytes, '\0') {}

Task<Result<void>> JsonRpc::open() {
    const std::string attempt = "connect to the switch's database at " + path_ + ": ";
    const auto connected = co_await connect_to(socket_, path_, " (is ovsdb-server running?)");
    if (!connected) co_return fail(attempt + connected.error().message);
    read();
    co_return Result<void>{};
}

Task<Result<Json>> JsonRpc::call(std::string method, Json params) {
    if (lost_) co_return std::unexpected(*lost_);
    const auto id = next_id_++;
    const auto call = std::make_shared<Call>(executor_);
    calls_[id] = call;
    send(Json{{"id", id}, {"method", method}, {"params", std::move(params)}});
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!call->answer && !lost_) {
        if (std::chrono::steady_clock::now() >= deadline)
            close(Error{"the switch's database at " + path_ + " did not answer in time"});
        else
            co_await call->answered.wait_until(deadline);
    }
    calls_.erase(id);
    if (!call->answer) co_return std::unexpected(*lost_);
    co_return std::move(*call->answer);
}

void JsonRpc::close(Error reason) {
    if (lost_) return;
    lost_ = std::move(reason);
    output_.close();
    boost::system::error_code ignored; // a failure to close the socket has no remedy
    ignored = socket_.close(ignored);
    for (const auto& [id, call] : calls_) call->answered.notify_all();
    if (on_lost_) on_lost_();
}

void JsonRpc::send(const Json& message) {
    output_.append(message.dump());
    output_.flush();
}

void JsonRpc::read() {
    socket_.async_read_some(
        boost::asio::buffer(chunk_), [self = shared_from_this()](boost::system::error_code error, std::size_t bytes) {
            if (error)
                self->close(Error{"the switch's database at " + self->path_ + " is gone: " + error.message()});
            else
                self->received(bytes);
        });
}

void JsonRpc::received(std::size_t bytes) {
    input_.append(chunk_, 0, bytes);
    while (!lost_) {
        const auto message = next_message();
        if (!message) break;
        take(*message);
    }
    if (input_.empty() && input_.capacity() > kKeptBytes) std::string().swap(input_);
    if (!lost_) read();
}

/// The stream has no delimiters: a message ends where its brackets balance.
std::optional<std::string> JsonRpc::next_message() {
    while (scanned_ < input_.size()) {
        if (!nesting_.take(input_[scanned_++])) continue;
        auto message = input_.substr(0, scanned_);
        input_.erase(0, scanned_);
        scanned_ = 0;
        return message;
    }
    return std::nullopt;
}

void JsonRpc::take(const std::string& text) {
    const auto reason = "the switch's database at " + path_ + " sent a message that cannot be read: ";
    try {
        if (auto taken = take_message(Json::parse(text)); !taken) close(Error{reason + taken.error().message});
    } catch (const Json::exception& exception) {
        close(Error{reason + exception.what()});
    }
}

Result<void> JsonRpc::take_message(const Json& message) {
    if (message.contains("method")) {
        const auto method = message.at("method").get<std::string>();
        if (method == "echo") {
            send(Json{{"id", message.at("id")}, {"result", message.at("params")}, {"error", nullptr}});
            return {};
        }
        return on_notification_ ? on_notification_(method, message.at("params")) : Result<void>{};
    }
    const auto call = calls_.find(message.at("id").get<std::uint64_t>());
    if (call == calls_.end()) return {}; // the caller no longer waits
    const auto& error = message.at("error");
    if (error.is_null())
        call->second->answer = message.at("result");
    else
        call->second->answer =
            fail(error.is_object() ? error.value("error", "") + ": " + error.value("details", "") : error.dump());
    call->second->answered.notify_all();
    return {};
}

} // namespace agent
