#include "daemonset/switch/openflow/openflow_session.h"

#include <cstring>

namespace agent {

using outcome::Error;
using outcome::fail;
using outcome::Result;

namespace {

constexpr std::size_t kInputBytes = std::size_t{256} * 1024; ///< four of the longest messages
constexpr std::size_t kKeptRefusals = 8;
/// vswitchd answers within milliseconds, but a reconfiguration or a large commit may keep it busy for seconds.
constexpr auto kPatience = std::chrono::seconds(30);

} // namespace

OpenFlowSession::OpenFlowSession(const boost::asio::any_io_executor& executor, std::string socket)
    : executor_(executor), path_(std::move(socket)), socket_(executor),
      output_(socket_,
              [this](const boost::system::error_code& reason) {
                  close(Error{"write to the switch at " + path_ + ": " + reason.message()});
              }),
      input_(kInputBytes), greeting_(executor), event_(executor) {}

Task<Result<void>> OpenFlowSession::open() {
    const std::string attempt = "connect to the bridge's OpenFlow socket " + path_ + ": ";
    const auto connected =
        co_await connect_to(socket_, path_, " (is ovs-vswitchd running, and does it have the bridge?)");
    if (!connected) co_return fail(attempt + connected.error().message);
    append_hello(output());
    flush();
    read();
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!greeted_ && !lost_) {
        if (std::chrono::steady_clock::now() >= deadline) close(Error{attempt + "the switch sent no hello"});
        co_await greeting_.wait_until(deadline);
    }
    if (lost_) co_return std::unexpected(*lost_);
    co_return Result<void>{};
}

void OpenFlowSession::close(Error reason) {
    if (lost_) return;
    lost_ = std::move(reason);
    output_.close();
    boost::system::error_code ignored; // a failure to close the socket has no remedy
    ignored = socket_.close(ignored);
    for (const auto& [first, exchange] : exchanges_) exchange->progress_.notify_all();
    greeting_.notify_all();
    event_.notify_all();
}

void OpenFlowSession::read() {
    socket_.async_read_some(boost::asio::buffer(input_.data() + input_end_, input_.size() - input_end_),
                            [self = shared_from_this()](boost::system::error_code error, std::size_t bytes) {
                                if (error)
                                    self->close(Error{"the switch at " + self->path_ + " is gone: " + error.message()});
                                else
                                    self->received(bytes);
                            });
}

void OpenFlowSession::received(std::size_t bytes) {
    input_end_ += bytes;
    while (!lost_ && input_end_ - input_begin_ >= kHeaderBytes) {
        const Message rest(input_.data() + input_begin_, input_end_ - input_begin_);
        const auto length = length_of(rest);
        if (length < kHeaderBytes)
            return close(Error{"the switch at " + path_ + " sent a message with an impossible length"});
        if (rest.size() < length) break;
        auto message = rest.first(length);
        if (input_begin_ % 8 != 0) {
            aligned_.assign(message.begin(), message.end());
            message = aligned_;
        }
        take(message);
        input_begin_ += length;
    }
    std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
    input_end_ -= input_begin_;
    input_begin_ = 0;
    if (!lost_) read();
}

void OpenFlowSession::take(Message message) {
    if (!greeted_) return take_hello(message);
    if (version_of(message) != kOpenFlow15)
        return close(Error{"the switch at " + path_ + " sent a message of another OpenFlow version than agreed"});
    const auto kind = kind_of(message);
    if (kind == MessageKind::EchoRequest) {
        append_echo_reply(output(), message);
        return flush();
    }
    const auto xid = xid_of(message);
    if (xid == 0 && kind == MessageKind::MonitorReply) return take_report(message);
    const auto after = exchanges_.upper_bound(xid);
    if (after == exchanges_.begin()) return; // not an answer, or the caller no longer waits
    auto& exchange = *std::prev(after)->second;
    if (xid - exchange.first_ < exchange.count_) exchange.take(message, kind);
}

void OpenFlowSession::take_hello(Message message) {
    const auto kind = kind_of(message);
    if (kind != MessageKind::Hello || !offers_openflow15(message))
        return close(Error{"the bridge at " + path_ +
                           " does not support OpenFlow 1.5: add OpenFlow15 to the column protocols of its Bridge row" +
                           (kind == MessageKind::Error ? " (" + error_text(message) + ")" : "")});
    greeted_ = true;
    greeting_.notify_all();
}

void OpenFlowSession::take_report(Message message) {
    auto report = decode_monitor(message);
    if (!report) return close(report.error());
    if (report->changes == 0) return;
    if (foreign_.flows == 0) foreign_.example = std::move(report->example);
    foreign_.flows += report->changes;
    event_.notify_all();
}

Task<SwitchEvent> OpenFlowSession::next_event() {
    while (foreign_.flows == 0 && !lost_) co_await event_.wait();
    if (lost_) co_return ConnectionLost{*lost_};
    co_return std::exchange(foreign_, ForeignChange{});
}

std::uint32_t OpenFlowSession::enter(Exchange& exchange, std::uint32_t count) {
    // Ids are reused after four thousand million requests; none that old is still in flight.
    if (UINT32_MAX - next_xid_ < count) next_xid_ = 2;
    const auto first = std::exchange(next_xid_, next_xid_ + count);
    exchanges_[first] = &exchange;
    return first;
}

Exchange::Exchange(std::shared_ptr<OpenFlowSession> session, std::uint32_t count,
                   std::function<void(Message)> on_answer)
    : session_(std::move(session)), count_(count), on_answer_(std::move(on_answer)), progress_(session_->executor()),
      first_(session_->enter(*this, count)) {}

void Exchange::take(Message message, MessageKind kind) {
    const auto request = xid_of(message) - first_;
    if (kind == MessageKind::Error) {
        if (refusals_.size() < kKeptRefusals) refusals_.push_back({request, error_text(message)});
        ++refused_;
    } else {
        if (on_answer_) on_answer_(message);
        if (kind == MessageKind::FlowReply && more_follows(message)) return;
    }
    last_answered_ = request;
    progress_.notify_all();
}

Task<Result<void>> Exchange::answered(std::uint32_t request) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (last_answered_ < request && !session_->lost()) {
        if (std::chrono::steady_clock::now() >= deadline)
            session_->close(Error{"the switch at " + session_->path() + " did not answer in time"});
        else
            co_await progress_.wait_until(deadline);
    }
    // An answer counts, even when the connection ended right after it.
    if (last_answered_ < request) co_return std::unexpected(*session_->lost());
    co_return Result<void>{};
}

} // namespace agent
