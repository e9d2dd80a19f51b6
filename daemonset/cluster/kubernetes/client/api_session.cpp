#include "daemonset/cluster/kubernetes/client/api_session.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cctype>

namespace agent::kubernetes {
namespace {

using outcome::fail;
using outcome::Result;

constexpr std::size_t kReadBytes = std::size_t{32} * 1024;
constexpr auto kUserAgent = "ovs-cni-agent/" OVS_CNI_VERSION;
constexpr unsigned kUnauthorized = 401;

} // namespace

ApiSession::ApiSession(ApiServers& servers) : servers_(servers), buffer_(kReadBytes, '\0') {}

Result<std::string> ApiSession::compose(const ApiRequest& request) const {
    const auto access = servers_.access();
    if (!access) return std::unexpected(access.error());
    std::string text = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: {}\r\n", request.method,
                                   connection_->server().path, request.target, connection_->server().authority(),
                                   kUserAgent, request.accept);
    if (!access->token.empty()) text += "Authorization: Bearer " + access->token + "\r\n";
    if (!request.content_type.empty())
        text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", request.content_type, request.body.size());
    return text + "\r\n" + request.body;
}

Task<Result<unsigned>> ApiSession::begin(ApiRequest request) {
    const bool unread = answer_ && !(answer_->complete() && answer_->keeps_alive());
    if (unread) close();
    const bool kept = connection_ != nullptr;
    auto status = co_await exchange(request);
    // A server may close an idle connection at any moment, also while the request is on its way.
    if (!status && kept) status = co_await exchange(request);
    if (status && *status == kUnauthorized) servers_.refused();
    co_return status;
}

Task<Result<unsigned>> ApiSession::exchange(const ApiRequest& request) {
    answer_.reset();
    const bool kept = connection_ != nullptr;
    if (!kept) {
        CO_ASSIGN_OR_RETURN(auto connected, co_await servers_.connect());
        connection_ = std::move(connected);
    }
    CO_ASSIGN_OR_RETURN(const auto text, compose(request));
    answer_.emplace();
    auto done = co_await connection_->write(text, servers_.timing().write);
    while (done && !answer_->has_head()) done = co_await read_some(servers_.timing().head);
    if (done) co_return answer_->status();
    if (!kept && connection_) servers_.blame(connection_->server());
    close();
    co_return std::unexpected(done.error());
}

Task<Result<void>> ApiSession::read_some(std::chrono::milliseconds patience) {
    CO_ASSIGN_OR_RETURN(const auto bytes, co_await connection_->read(buffer_, patience));
    co_return bytes == 0 ? answer_->feed_end() : answer_->feed(std::string_view(buffer_).substr(0, bytes));
}

Task<Result<std::string>> ApiSession::next(std::chrono::milliseconds patience) {
    auto piece = answer_->take_body();
    while (piece.empty() && !answer_->complete()) {
        if (!connection_) co_return fail("the connection to the API server was closed");
        const auto read = co_await read_some(patience);
        if (!read) {
            blame_server();
            close();
            co_return std::unexpected(read.error());
        }
        piece = answer_->take_body();
    }
    co_return piece;
}

Task<Result<ApiAnswer>> ApiSession::fetch(ApiRequest request) {
    CO_ASSIGN_OR_RETURN(const auto status, co_await begin(std::move(request)));
    ApiAnswer answer{status, {}};
    while (true) {
        CO_ASSIGN_OR_RETURN(const auto piece, co_await next(servers_.timing().body));
        if (piece.empty()) co_return answer;
        answer.body += piece;
        if (answer.body.size() <= kLongestAnswer) continue;
        close();
        co_return fail("the API server's answer is longer than " + std::to_string(kLongestAnswer) + " bytes");
    }
}

void ApiSession::blame_server() {
    if (connection_) servers_.blame(connection_->server());
}

bool is_fault_of_server(unsigned status) {
    constexpr unsigned too_many_requests = 429;
    constexpr unsigned first_server_error = 500;
    return status == too_many_requests || status >= first_server_error;
}

std::string describe_refusal(const ApiAnswer& answer) {
    constexpr std::size_t longest = 300;
    const auto status = nlohmann::json::parse(answer.body, nullptr, false);
    std::string reason = answer.body.substr(0, longest);
    if (status.is_object() && status.contains("message") && status["message"].is_string())
        reason = status["message"].get<std::string>();
    return "the API server answered " + std::to_string(answer.status) + (reason.empty() ? "" : ": " + reason);
}

std::string percent_encode(std::string_view text) {
    std::string encoded;
    for (const unsigned char c : text)
        if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
            encoded += static_cast<char>(c);
        else
            encoded += fmt::format("%{:02X}", c);
    return encoded;
}

} // namespace agent::kubernetes
