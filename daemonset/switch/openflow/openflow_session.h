// The messages of one OpenFlow connection, and which request waits for which answer. For this
// folder's sources only.
//
//   Exchange ── output(), flush() ──► socket ──► switch
//      ▲                                           │
//      └── by transaction id ◄── messages ◄────────┤
//   ForeignChange ◄── flow monitor's reports ◄─────┘      echo requests are answered here
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/base/output_buffer.h"
#include "daemonset/base/unix_socket.h"
#include "daemonset/base/wakeup.h"
#include "daemonset/switch/openflow/openflow_connection.h"
#include "daemonset/switch/openflow/openflow_message.h"

#include <functional>
#include <map>
#include <optional>

namespace agent {

class Exchange;

class OpenFlowSession : public std::enable_shared_from_this<OpenFlowSession> {
  public:
    OpenFlowSession(const boost::asio::any_io_executor& executor, std::string socket);

    /// Connects and exchanges hellos.
    Task<outcome::Result<void>> open();

    /// The output: append to it, then flush().
    [[nodiscard]] Bytes& output() { return output_.bytes(); }
    void flush() { output_.flush(); }
    /// Returns when the unsent output is small enough, or the connection has ended; lets other
    /// coroutines run in any case.
    Task<> room() { return output_.room(); }

    /// Ends the connection for this reason, unless it has ended.
    void close(outcome::Error reason);
    /// Why the connection has ended; nothing while it is alive.
    [[nodiscard]] const std::optional<outcome::Error>& lost() const { return lost_; }

    Task<SwitchEvent> next_event();

    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    friend class Exchange;

    std::uint32_t enter(Exchange& exchange, std::uint32_t count);
    void leave(std::uint32_t first) { exchanges_.erase(first); }
    void read();
    void received(std::size_t bytes);
    void take(Message message);
    void take_hello(Message message);
    void take_report(Message message);

    boost::asio::any_io_executor executor_;
    std::string path_;
    UnixSocket socket_;
    std::optional<outcome::Error> lost_;
    bool greeted_ = false;

    OutputBuffer output_;
    Bytes input_;
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;
    Bytes aligned_; ///< a copy of a message that is misaligned for libopenvswitch's structs

    std::uint32_t next_xid_ = 2; ///< 0 is for unsolicited messages of the switch, 1 for the hello
    std::map<std::uint32_t, Exchange*> exchanges_;
    ForeignChange foreign_;
    Wakeup greeting_;
    Wakeup event_;
};

/// Requests with consecutive transaction ids, and the switch's answers to them. The switch answers
/// in order.
class Exchange {
  public:
    /// `count` transaction ids. `on_answer` is called with each part of an answer that is not an
    /// error.
    Exchange(std::shared_ptr<OpenFlowSession> session, std::uint32_t count,
             std::function<void(Message)> on_answer = {});
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() { session_->leave(first_); }

    struct Refusal {
        std::uint32_t request = 0; ///< counted from 0
        std::string reason;
    };

    [[nodiscard]] std::uint32_t xid(std::uint32_t request) const { return first_ + request; }
    /// The errors received so far: the first few, and their total number.
    [[nodiscard]] const std::vector<Refusal>& refusals() const { return refusals_; }
    [[nodiscard]] std::size_t refused() const { return refused_; }

    /// Returns when the switch has answered this request, with an error or otherwise.
    /// Errors: the connection ended, also because of a missing answer.
    Task<outcome::Result<void>> answered(std::uint32_t request);

  private:
    friend class OpenFlowSession;

    void take(Message message, MessageKind kind);

    std::shared_ptr<OpenFlowSession> session_;
    std::uint32_t count_;
    std::function<void(Message)> on_answer_;
    Wakeup progress_;
    std::vector<Refusal> refusals_;
    std::size_t refused_ = 0;
    std::int64_t last_answered_ = -1;
    std::uint32_t first_;
};

} // namespace agent
