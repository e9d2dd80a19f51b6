// Requests to the Kubernetes API, one after the other, over one connection that is kept while it works.
//
//   begin(request) ──► status ──► next() ──► piece of the body ──► ... ──► empty: the answer is complete
//   fetch(request) ──► status and whole body, of answers known to be small
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/cluster/kubernetes/client/api_servers.h"
#include "daemonset/cluster/kubernetes/client/response_reader.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace agent::kubernetes {

struct ApiRequest {
    std::string method = "GET";
    std::string target; ///< path and query, "/api/v1/nodes?limit=500"
    std::string accept = "application/json";
    std::string body;         ///< with PATCH
    std::string content_type; ///< of the body: "application/strategic-merge-patch+json"
};

struct ApiAnswer {
    unsigned status = 0;
    std::string body;
};

/// One request at a time. `servers` has to outlive it.
class ApiSession {
  public:
    /// The longest answer that fetch accepts.
    static constexpr std::size_t kLongestAnswer = std::size_t{4} * 1024 * 1024;

    explicit ApiSession(ApiServers& servers);

    /// Sends a request and waits for the head of its answer; returns the HTTP status, whatever it
    /// is. A kept connection that turns out to be dead is replaced once. The unread rest of an
    /// earlier answer is dropped with its connection. Errors: no server answers.
    [[nodiscard]] Task<outcome::Result<unsigned>> begin(ApiRequest request);
    /// The next piece of the body, from one read of the connection. Empty: the answer is complete.
    /// Errors: nothing arrived for `patience`, or the connection broke.
    [[nodiscard]] Task<outcome::Result<std::string>> next(std::chrono::milliseconds patience);
    [[nodiscard]] Task<outcome::Result<ApiAnswer>> fetch(ApiRequest request);
    /// Closes the connection, and drops an answer in progress.
    void close() { connection_.reset(); }
    /// The server's answer was a failure: another server is tried next.
    void blame_server();

  private:
    [[nodiscard]] Task<outcome::Result<unsigned>> exchange(const ApiRequest& request);
    [[nodiscard]] Task<outcome::Result<void>> read_some(std::chrono::milliseconds patience);
    [[nodiscard]] outcome::Result<std::string> compose(const ApiRequest& request) const;

    ApiServers& servers_;
    std::unique_ptr<Connection> connection_;
    std::optional<ResponseReader> answer_; ///< to the last request
    std::string buffer_;                   ///< the buffer of one read
};

/// Whether another server might accept what this one refuses: 429 (too many requests) and all of
/// 5xx.
[[nodiscard]] bool is_fault_of_server(unsigned status);

/// The message of an error answer, whose body is a Status: "403 pods is forbidden: ...".
/// Source: Kubernetes API conventions, "Response Status Kind".
[[nodiscard]] std::string describe_refusal(const ApiAnswer& answer);

/// The text escaped for a query. Source: RFC 3986, section 2.1.
[[nodiscard]] std::string percent_encode(std::string_view text);

} // namespace agent::kubernetes
