// Reads the answer to an HTTP request from bytes as they arrive. Source: RFC 9112.
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

    /// Takes the bytes of one read. An answer must end with the last byte that arrived, because no
    /// further request is in flight. Errors: it is not HTTP.
    [[nodiscard]] outcome::Result<void> feed(std::string_view bytes);
    /// The connection is closed. Errors: in the middle of the answer.
    [[nodiscard]] outcome::Result<void> feed_end();

    [[nodiscard]] bool has_head() const;
    [[nodiscard]] bool complete() const;
    /// Valid once the head is read.
    [[nodiscard]] unsigned status() const;
    /// Whether another request may follow on the connection, once the answer is complete.
    [[nodiscard]] bool keeps_alive() const;
    /// The part of the body that arrived since the last call.
    [[nodiscard]] std::string take_body();

  private:
    class Parser;
    std::unique_ptr<Parser> parser_;
    std::string rest_; ///< bytes that the parser needs again, with those that follow
};

} // namespace agent::kubernetes
