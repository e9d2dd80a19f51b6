#include "daemonset/cluster/kubernetes/client/response_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/none.hpp>
#include <boost/optional.hpp>

#include <cstdint>
#include <utility>

namespace agent::kubernetes {

namespace http = boost::beast::http;
using boost::system::error_code;
using outcome::fail;
using outcome::Result;

namespace {
constexpr std::uint32_t kMaxHeadBytes = 64 * 1024;
using Text = boost::beast::string_view;
} // namespace

/// Beast calls these while it parses; only status and body matter here.
class ResponseReader::Parser : public http::basic_parser<false> {
  public:
    Parser() {
        eager(true);
        header_limit(kMaxHeadBytes);
        body_limit(boost::none); // bodies are not kept
    }

    unsigned status = 0;
    std::string body;

  private:
    void on_request_impl(http::verb, Text, Text, int, error_code&) override {}
    void on_response_impl(int code, Text, int, error_code&) override { status = static_cast<unsigned>(code); }
    void on_field_impl(http::field, Text, Text, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(Text bytes, error_code&) override {
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code&) override {
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_finish_impl(error_code&) override {}
};

ResponseReader::ResponseReader() : parser_(std::make_unique<Parser>()) {}
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;
ResponseReader::~ResponseReader() = default;

Result<void> ResponseReader::feed(std::string_view bytes) {
    rest_.append(bytes);
    while (!rest_.empty() && !complete()) {
        error_code error;
        const auto used = parser_->put(boost::asio::buffer(rest_), error);
        rest_.erase(0, used);
        if (error == http::error::need_more) break;
        if (error) return fail("the API server's answer is not HTTP: " + error.message());
        if (used == 0) break;
    }
    if (complete() && !rest_.empty()) return fail("the API server sent more than the answer");
    return {};
}

Result<void> ResponseReader::feed_end() {
    if (!has_head()) return fail("the API server closed the connection without an answer");
    error_code error;
    if (!complete()) parser_->put_eof(error);
    if (error || !complete()) return fail("the API server closed the connection in the middle of an answer");
    return {};
}

bool ResponseReader::has_head() const { return parser_->is_header_done(); }
bool ResponseReader::complete() const { return parser_->is_done(); }
unsigned ResponseReader::status() const { return parser_->status; }
bool ResponseReader::keeps_alive() const { return parser_->keep_alive(); }
std::string ResponseReader::take_body() { return std::exchange(parser_->body, {}); }

} // namespace agent::kubernetes
