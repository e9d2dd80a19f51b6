// The answer to an HTTP request, read from bytes as they come. Source: RFC 9112.
//
//   bytes of the connection ──► ResponseReader ──► head (status, kept alive?) and body, piece by piece
#pragma once

#include "outcome/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace agent::kubernetes {

class ResponseReader {
  public:
    ResponseReader();
    ResponseReader(ResponseReader&&) noexcept;
    ResponseReader& operator=(ResponseReader&&) noexcept;
    ~ResponseReader();

    /// Takes what the connection gave; an answer has to end with the last byte that came, because nobody asked for
    /// more. Errors: it is no HTTP.
    [[nodiscard]] outcome::Result<void> feed(std::string_view bytes);
    /// The connection has ended. Errors: in the middle of the answer.
    [[nodiscard]] outcome::Result<void> feed_end();

    [[nodiscard]] bool has_head() const;
    [[nodiscard]] bool complete() const;
    /// Only with the head.
    [[nodiscard]] unsigned status() const;
    /// Whether another request may follow on the connection, once the answer is complete.
    [[nodiscard]] bool keeps_alive() const;
    /// What has come of the body since the last call.
    [[nodiscard]] std::string take_body();

  private:
    class Parser;
    std::unique_ptr<Parser> parser_;
    std::string rest_; ///< bytes that the parser wants to see again with those that follow
};

} // namespace agent::kubernetes
