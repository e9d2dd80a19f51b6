// The API servers of the cluster: which one to use, and with which credentials.
//
//   ReadAccess (kubeconfig, service account) ──► Access, read again each minute
//   connect() ──► the server that worked last, then the others in turn ──► Connection
//
// All sessions share it, so that a dead server is detected once.
#pragma once

#include "daemonset/base/log.h"
#include "daemonset/base/wakeup.h"
#include "daemonset/cluster/kubernetes/client/access.h"
#include "daemonset/cluster/kubernetes/client/connection.h"
#include "daemonset/cluster/kubernetes/client/timing.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace agent::kubernetes {

using ReadAccess = std::function<outcome::Result<Access>()>;

/// Used from one thread.
class ApiServers {
  public:
    ApiServers(boost::asio::any_io_executor executor, ReadAccess read, Timing timing = {});

    /// A connection to the first server that accepts one. Errors: no access, or the reason of each
    /// server.
    [[nodiscard]] Task<outcome::Result<std::unique_ptr<Connection>>> connect();
    /// This server failed after the connection was established: the next connection tries another
    /// one first.
    void blame(const ServerUrl& server);

    /// The access as read a minute ago at most. When it cannot be read any more, the last one stays
    /// in use. Errors: it has never been readable.
    [[nodiscard]] outcome::Result<Access> access();
    /// A server rejected our credentials: they are read again the next time.
    void refused() { read_at_.reset(); }

    [[nodiscard]] const Timing& timing() const { return timing_; }
    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

  private:
    [[nodiscard]] outcome::Result<std::shared_ptr<boost::asio::ssl::context>> tls(const TlsSettings& settings);

    boost::asio::any_io_executor executor_;
    ReadAccess read_;
    Timing timing_;
    std::optional<Access> access_;
    std::optional<TimePoint> read_at_; ///< absent: not read yet
    FailureLog reading_{"reading the access to the Kubernetes API again"};
    std::optional<TlsSettings> tls_settings_;
    std::shared_ptr<boost::asio::ssl::context> tls_; ///< built from tls_settings_
    std::size_t preferred_ = 0;                      ///< index of a server, modulo their number
};

} // namespace agent::kubernetes
