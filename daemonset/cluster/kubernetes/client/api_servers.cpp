#include "daemonset/cluster/kubernetes/client/api_servers.h"

#include "daemonset/cluster/kubernetes/client/tls_context.h"
#include "words/list.h"

#include <algorithm>

namespace agent::kubernetes {

namespace asio = boost::asio;
using outcome::fail;
using outcome::Result;

ApiServers::ApiServers(asio::any_io_executor executor, ReadAccess read, Timing timing)
    : executor_(std::move(executor)), read_(std::move(read)), timing_(timing) {}

Result<Access> ApiServers::access() {
    const auto now = std::chrono::steady_clock::now();
    if (access_ && read_at_ && now - *read_at_ < timing_.access) return *access_;
    auto fresh = read_();
    read_at_ = now;
    if (fresh) {
        reading_.recovered();
        access_ = std::move(*fresh);
    } else if (!access_) {
        read_at_.reset();
        return fresh;
    } else {
        reading_.failed(fresh.error().message);
    }
    return *access_;
}

Result<std::shared_ptr<asio::ssl::context>> ApiServers::tls(const TlsSettings& settings) {
    if (tls_ && tls_settings_ == settings) return tls_;
    auto made = make_tls_context(settings);
    if (!made) return made;
    tls_settings_ = settings;
    tls_ = *made;
    return made;
}

Task<Result<std::unique_ptr<Connection>>> ApiServers::connect() {
    CO_ASSIGN_OR_RETURN(const auto current, access());
    CO_ASSIGN_OR_RETURN(const auto context, tls(current.tls));
    std::vector<std::string> reasons;
    const auto first = preferred_;
    for (std::size_t turn = 0; turn < current.servers.size(); ++turn) {
        const auto& url = current.servers[(first + turn) % current.servers.size()];
        const auto& wanted_name = current.tls.server_name;
        Endpoint endpoint{url, context, current.tls.verify, wanted_name.empty() ? url.host : wanted_name};
        auto connection = std::make_unique<Connection>(executor_, std::move(endpoint));
        const auto opened = co_await connection->open(timing_.connect);
        if (opened) {
            preferred_ = (first + turn) % current.servers.size();
            co_return std::move(connection);
        }
        reasons.push_back(opened.error().message);
    }
    co_return fail(words::join(reasons, "; "));
}

void ApiServers::blame(const ServerUrl& server) {
    if (!access_ || access_->servers.empty()) return;
    const auto& servers = access_->servers;
    // Another session may have moved on to the next server already.
    if (servers[preferred_ % servers.size()] == server) preferred_ = (preferred_ + 1) % servers.size();
}

} // namespace agent::kubernetes
