// JSON-RPC 1.0 over a unix socket, as ovsdb-server uses it. Source: RFC 7047, section 4. For this
// folder's sources only.
//
//   call(method, params) ──► socket ──► server ──► its result
//   on_notification ◄─────── messages without an answer        echo requests are answered here
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/base/json_nesting.h"
#include "daemonset/base/output_buffer.h"
#include "daemonset/base/unix_socket.h"
#include "daemonset/base/wakeup.h"
#include "outcome/result.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace agent {

using Json = nlohmann::json;

class JsonRpc : public std::enable_shared_from_this<JsonRpc> {
  public:
    using Notification = std::function<outcome::Result<void>(const std::string& method, const Json& params)>;

    JsonRpc(const boost::asio::any_io_executor& executor, std::string socket);

    /// Called with every notification, in order with the answers; an error from it ends the connection.
    void on_notification(Notification notification) { on_notification_ = std::move(notification); }
    /// Called once, when the connection is lost.
    void on_lost(std::function<void()> lost) { on_lost_ = std::move(lost); }

    Task<outcome::Result<void>> open();
    /// The member `result` of the server's answer. Errors: the answer's member `error`, no answer in time, a lost
    /// connection.
    Task<outcome::Result<Json>> call(std::string method, Json params);
    void close(outcome::Error reason);
    [[nodiscard]] const std::optional<outcome::Error>& lost() const { return lost_; }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    struct Call {
        explicit Call(const boost::asio::any_io_executor& executor) : answered(executor) {}
        Wakeup answered;
        std::optional<outcome::Result<Json>> answer;
    };

    void send(const Json& message);
    void read();
    void received(std::size_t bytes);
    [[nodiscard]] std::optional<std::string> next_message();
    void take(const std::string& text);
    outcome::Result<void> take_message(const Json& message);

    boost::asio::any_io_executor executor_;
    std::string path_;
    UnixSocket socket_;
    Notification on_notification_;
    std::function<void()> on_lost_;
    std::optional<outcome::Error> lost_;
    std::uint64_t next_id_ = 1;
    std::map<std::uint64_t, std::shared_ptr<Call>> calls_;
    OutputBuffer output_;
    std::string chunk_; ///< the buffer of one read
    std::string input_; ///< an incomplete message; scanned_ of it is done
    std::size_t scanned_ = 0;
    JsonNesting nesting_; ///< where scanning stands
};

} // namespace agent
