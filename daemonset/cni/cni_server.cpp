#include "daemonset/cni/cni_server.h"

#include "daemonset/attachments/attachment_record.h"
#include "daemonset/base/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <exception>
#include <memory>

namespace agent {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;

/// A plugin writes its request at once; a silent connection is not a plugin.
constexpr std::chrono::seconds kRequestPatience{10};

std::string verb_of(const ovs_cni::CniResult<ovs_cni::Request>& request) {
    constexpr std::array verbs{"ADD", "DEL", "CHECK", "GC", "STATUS"};
    return request ? verbs[request->index()] : "unreadable";
}

/// Whether the peer has closed its end; a peer that only sends no more is still there.
bool is_gone(stream_protocol::socket& socket) {
    pollfd state{socket.native_handle(), 0, 0};
    return poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

} // namespace

bool somebody_listens(const std::filesystem::path& path) {
    asio::io_context context;
    stream_protocol::socket probe(context);
    boost::system::error_code error;
    probe.connect(stream_protocol::endpoint(path.string()), error);
    return !error;
}

outcome::Result<void> CniServer::start(const std::filesystem::path& path) {
    const std::string what = "listen on cniSocket " + path.string() + ": ";
    std::error_code folder_error;
    std::filesystem::create_directories(path.parent_path(), folder_error);
    if (folder_error) return outcome::fail(what + folder_error.message());
    if (somebody_listens(path)) return outcome::fail(what + "another agent listens there already");
    std::filesystem::remove(path, folder_error);
    if (folder_error) return outcome::fail(what + folder_error.message());
    boost::system::error_code error;
    acceptor_.open(stream_protocol(), error);
    // The mode is right from the start: between bind and chmod any user could connect.
    const auto former = umask(0177);
    if (!error) acceptor_.bind(stream_protocol::endpoint(path.string()), error);
    umask(former);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return outcome::fail(what + error.message());
    path_ = path;
    spawn(acceptor_.get_executor(), "accepting CNI requests", accept());
    return {};
}

void CniServer::stop() {
    if (!acceptor_.is_open()) return;
    // Removed before it is closed: afterwards it may belong to the agent that takes over.
    std::error_code remove_error;
    std::filesystem::remove(path_, remove_error);
    boost::system::error_code error;
    acceptor_.close(error);
    if (error || remove_error) log_warning("the CNI socket was not removed", {{"path", path_.string()}});
}

Task<> CniServer::accept() {
    while (acceptor_.is_open()) {
        boost::system::error_code error;
        Socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
        if (error) {
            log_warning("a CNI connection was not accepted", {{"reason", error.message()}});
            continue;
        }
        spawn_request(acceptor_.get_executor(), "a CNI request", serve(std::move(socket)));
    }
}

Task<> CniServer::serve(Socket accepted) {
    const auto start = std::chrono::steady_clock::now();
    const auto socket = std::make_shared<Socket>(std::move(accepted));
    const auto line = co_await read_line(socket);
    if (line.empty()) co_return; // only a probe whether the agent is alive
    ++under_way_;
    const auto request = ovs_cni::decode_request(line);
    const auto response = co_await respond(request);
    --under_way_;
    report(request, response, std::chrono::steady_clock::now() - start);

    boost::system::error_code error;
    const auto text = ovs_cni::encode_response(response);
    const bool gone = is_gone(*socket);
    if (!gone)
        co_await asio::async_write(*socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
    if ((gone || error) && std::holds_alternative<ovs_cni::AddResponse>(response)) {
        const auto& add = std::get<ovs_cni::AddRequest>(*request);
        log_warning("the plugin disconnected before ADD was answered, undoing it",
                    {{"attachment", ovs_cni::text(add.key)}});
        co_await verbs_.abandon(add);
    }
}

Task<std::string> CniServer::read_line(std::shared_ptr<Socket> socket) {
    asio::steady_timer patience(socket->get_executor(), kRequestPatience);
    patience.async_wait([weak = std::weak_ptr(socket)](boost::system::error_code cancelled) {
        const auto silent = weak.lock();
        if (!cancelled && silent) silent->cancel(cancelled);
    });
    std::string line;
    boost::system::error_code error;
    const auto size = co_await asio::async_read_until(*socket, asio::dynamic_buffer(line, ovs_cni::kMaxLineBytes), '\n',
                                                      asio::redirect_error(asio::use_awaitable, error));
    if (!error) line.resize(size);
    co_return line;
}

void CniServer::report(const ovs_cni::CniResult<ovs_cni::Request>& request, const ovs_cni::Response& response,
                       std::chrono::duration<double> time) {
    const auto verb = verb_of(request);
    const auto* const error = std::get_if<ovs_cni::CniError>(&response);
    metrics_.count_request(verb, error ? error->code : 0, time);
    // STATUS is called repeatedly; its result is a gauge and a page, not an event.
    if (error && verb != "STATUS")
        log_warning("CNI request refused", {{"verb", verb}, {"code", error->code}, {"reason", error->message}});
}

Task<ovs_cni::Response> CniServer::respond(const ovs_cni::CniResult<ovs_cni::Request>& request) {
    if (!request) co_return ovs_cni::Response(request.error());
    std::string failure;
    try {
        co_return co_await verbs_.answer(*request);
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    }
    log_error("internal error in a CNI request: please file a bug", {{"verb", verb_of(request)}, {"reason", failure}});
    co_return ovs_cni::CniError{ovs_cni::cni_code::kAgentFailed, "the agent failed: " + failure, {}};
}

} // namespace agent
