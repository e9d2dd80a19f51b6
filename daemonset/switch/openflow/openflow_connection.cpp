#include "daemonset/switch/openflow/openflow_connection.h"

#include "daemonset/switch/openflow/openflow_message.h"
#include "daemonset/switch/openflow/openflow_session.h"

#include <boost/asio/this_coro.hpp>

namespace agent {

using outcome::Error;
using outcome::fail;
using outcome::Result;

namespace {

/// Flow-mods are handed to the socket in pieces of about this size: large enough that a system call costs little, small
/// enough that the switch has work while the next piece is encoded.
constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;

/// One bundle on its way to the switch. Request 0 opens it, requests 1 to n add the flow-mods, and the rest end it.
class Bundle {
  public:
    Bundle(std::shared_ptr<OpenFlowSession> session, const flowgen::FlowDelta& delta,
           std::span<const ForeignFlow> foreign)
        : session_(std::move(session)), delta_(delta), foreign_(foreign),
          flow_mods_(static_cast<std::uint32_t>(foreign.size() + delta.removed.size() + delta.added_or_changed.size())),
          exchange_(session_, flow_mods_ + 4) {}

    Task<Result<void>> run();

  private:
    [[nodiscard]] std::uint32_t id() const { return exchange_.xid(0); }
    [[nodiscard]] std::string flow_text(std::uint32_t index) const;
    Result<void> append_flow_mod(std::uint32_t index);
    Task<Result<void>> send_flow_mods();
    Task<Result<void>> barrier(std::uint32_t request);
    Task<Result<void>> discard(Error reason);
    [[nodiscard]] Error refusal() const;

    std::shared_ptr<OpenFlowSession> session_;
    const flowgen::FlowDelta& delta_;
    std::span<const ForeignFlow> foreign_;
    std::uint32_t flow_mods_;
    Exchange exchange_;
};

Task<Result<void>> Bundle::run() {
    append_bundle_control(session_->output(), exchange_.xid(0), id(), BundleStep::Open);
    auto sent = co_await send_flow_mods();
    if (!sent) co_return co_await discard(std::move(sent.error()));
    // A bundle with a refused flow-mod would be committed without it, so it is committed only after
    // all flow-mods are answered.
    CO_RETURN_IF_ERROR(co_await barrier(flow_mods_ + 1));
    if (exchange_.refused() != 0) {
        auto reason = refusal();
        co_return co_await discard(std::move(reason));
    }
    append_bundle_control(session_->output(), exchange_.xid(flow_mods_ + 2), id(), BundleStep::Commit);
    CO_RETURN_IF_ERROR(co_await barrier(flow_mods_ + 3));
    if (exchange_.refused() != 0) co_return std::unexpected(refusal());
    co_return Result<void>{};
}

Result<void> Bundle::append_flow_mod(std::uint32_t index) {
    auto& out = session_->output();
    const auto start = out.size();
    const auto xid = exchange_.xid(index + 1);
    append_bundle_add_header(out, xid, id());
    Result<void> done;
    if (index < foreign_.size()) {
        const auto& bytes = foreign_[index].strict_delete;
        out.insert(out.end(), bytes.begin(), bytes.end());
        set_xid(std::span(out).subspan(start + kBundleAddBytes), xid);
    } else if (const auto removed = index - foreign_.size(); removed < delta_.removed.size()) {
        done = append_flow_delete(out, xid, delta_.removed[removed]);
    } else {
        const auto& [key, body] = delta_.added_or_changed[removed - delta_.removed.size()];
        done = append_flow_add(out, xid, key, body);
    }
    if (done)
        set_length(std::span(out).subspan(start), out.size() - start);
    else
        out.resize(start);
    return done;
}

Task<Result<void>> Bundle::send_flow_mods() {
    for (std::uint32_t index = 0; index < flow_mods_; ++index) {
        CO_RETURN_IF_ERROR(append_flow_mod(index));
        if (session_->output().size() < kPieceBytes) continue;
        session_->flush();
        co_await session_->room();
        if (session_->lost()) co_return std::unexpected(*session_->lost());
        if (exchange_.refused() != 0) co_return std::unexpected(refusal());
    }
    co_return Result<void>{};
}

Task<Result<void>> Bundle::barrier(std::uint32_t request) {
    append_barrier(session_->output(), exchange_.xid(request));
    session_->flush();
    co_return co_await exchange_.answered(request);
}

Task<Result<void>> Bundle::discard(Error reason) {
    if (!session_->lost()) {
        append_bundle_control(session_->output(), exchange_.xid(flow_mods_ + 2), id(), BundleStep::Discard);
        auto done = co_await barrier(flow_mods_ + 3);
        // A closed connection discards its bundles, so the result is the same.
    }
    co_return std::unexpected(std::move(reason));
}

std::string Bundle::flow_text(std::uint32_t index) const {
    if (index < foreign_.size()) return "deleting foreign '" + foreign_[index].text + "'";
    const auto removed = index - foreign_.size();
    if (removed < delta_.removed.size()) return "deleting '" + flowgen::text(delta_.removed[removed], {}) + "'";
    const auto& [key, body] = delta_.added_or_changed[removed - delta_.removed.size()];
    return "'" + flowgen::text(key, body) + "'";
}

Error Bundle::refusal() const {
    const auto& first = exchange_.refusals().front();
    std::string message = "install flows through " + session_->path() + ": the switch refused ";
    if (first.request >= 1 && first.request <= flow_mods_)
        message += flow_text(first.request - 1);
    else
        message += "the bundle";
    message += ": " + first.reason;
    if (exchange_.refused() > 1) message += " (and " + std::to_string(exchange_.refused() - 1) + " more errors)";
    return Error{message + "; no flow was changed"};
}

} // namespace

Task<Result<std::unique_ptr<OpenFlowConnection>>> OpenFlowConnection::connect(std::string socket) {
    silence_openvswitch();
    auto session = std::make_shared<OpenFlowSession>(co_await boost::asio::this_coro::executor, std::move(socket));
    auto connection = std::make_unique<OpenFlowConnection>(session);
    CO_RETURN_IF_ERROR(co_await session->open());
    Exchange exchange(session, 1);
    append_monitor_request(session->output(), exchange.xid(0));
    session->flush();
    CO_RETURN_IF_ERROR(co_await exchange.answered(0));
    if (exchange.refused() != 0)
        co_return fail("start the flow monitor through " + session->path() + ": " + exchange.refusals().front().reason);
    co_return connection;
}

OpenFlowConnection::OpenFlowConnection(std::shared_ptr<OpenFlowSession> session) : session_(std::move(session)) {}

OpenFlowConnection::~OpenFlowConnection() { close(); }

void OpenFlowConnection::close() { session_->close(Error{"the connection to " + session_->path() + " was closed"}); }

Task<Result<void>> OpenFlowConnection::ensure_option_mapping() {
    const std::string attempt = "map the Geneve option to tun_metadata0 through " + session_->path() + ": ";
    Result<OptionTable> table = fail("");
    Exchange exchange(session_, 3, [&](Message message) {
        if (kind_of(message) == MessageKind::OptionTableReply) table = decode_option_table(message);
    });
    append_option_table_request(session_->output(), exchange.xid(0));
    session_->flush();
    CO_RETURN_IF_ERROR(co_await exchange.answered(0));
    if (exchange.refused() != 0) co_return fail(attempt + exchange.refusals().front().reason);
    if (!table) co_return fail(attempt + table.error().message);
    if (table->conflict)
        co_return fail(attempt + "the bridge has the conflicting mapping " + *table->conflict +
                       "; remove it with `ovs-ofctl del-tlv-map BRIDGE '" + *table->conflict + "'`");
    if (table->ours) co_return Result<void>{};
    append_option_mapping(session_->output(), exchange.xid(1));
    append_barrier(session_->output(), exchange.xid(2));
    session_->flush();
    CO_RETURN_IF_ERROR(co_await exchange.answered(2));
    if (exchange.refused() != 0) co_return fail(attempt + exchange.refusals().front().reason);
    co_return Result<void>{};
}

Task<Result<InstalledFlows>> OpenFlowConnection::dump() {
    InstalledFlows installed;
    Result<void> decoded;
    Exchange exchange(session_, 1, [&](Message message) {
        if (decoded) decoded = decode_flow_descriptions(message, installed);
    });
    append_flow_request(session_->output(), exchange.xid(0));
    session_->flush();
    CO_RETURN_IF_ERROR(co_await exchange.answered(0));
    if (exchange.refused() != 0)
        co_return fail("read the installed flows through " + session_->path() + ": " +
                       exchange.refusals().front().reason);
    if (!decoded) co_return std::unexpected(decoded.error());
    co_return installed;
}

Task<Result<void>> OpenFlowConnection::apply(const flowgen::FlowDelta& delta, std::span<const ForeignFlow> foreign) {
    if (session_->lost()) co_return std::unexpected(*session_->lost());
    if (delta.empty() && foreign.empty()) co_return Result<void>{};
    Bundle bundle(session_, delta, foreign);
    co_return co_await bundle.run();
}

Task<Result<void>> OpenFlowConnection::barrier() {
    Exchange exchange(session_, 1);
    append_barrier(session_->output(), exchange.xid(0));
    session_->flush();
    co_return co_await exchange.answered(0);
}

Task<SwitchEvent> OpenFlowConnection::next_event() { return session_->next_event(); }

} // namespace agent
