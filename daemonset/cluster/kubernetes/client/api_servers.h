// The API servers of the cluster: which one is spoken to, and with which credentials.
//
//   ReadAccess (kubeconfig, service account) ──► Access, read again each minute
//   connect() ──► the server that worked last, then the others in turn ──► Connection
//
// All sessions share it, so that a dead server is found out once.
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

    /// A connection to the first server that takes one. Errors: no access, or why each server does not.
    [[nodiscard]] Task<outcome::Result<std::unique_ptr<Connection>>> connect();
    /// This server failed after it was connected to: the next connection goes to another one first.
    void blame(const ServerUrl& server);

    /// What was read a minute ago at most. When it cannot be read any more, the last one goes on being used.
    /// Errors: it could not be read at all yet.
    [[nodiscard]] outcome::Result<Access> access();
    /// A server did not accept our credentials: they are read again the next time.
    void refused() { read_at_.reset(); }

    [[nodiscard]] const Timing& timing() const { return timing_; }
    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

  private:
    [[nodiscard]] outcome::Result<std::shared_ptr<boost::asio::ssl::context>> tls(const TlsSettings& settings);

    boost::asio::any_io_executor executor_;
    ReadAccess read_;
    Timing timing_;
    std::optional<Access> access_;
    std::optional<TimePoint> read_at_; ///< absent: to be read
    FailureLog reading_{"reading the access to the Kubernetes API again"};
    std::optional<TlsSettings> tls_settings_;
    std::shared_ptr<boost::asio::ssl::context> tls_; ///< made of tls_settings_
    std::size_t preferred_ = 0;                      ///< of the servers, modulo their number
};

} // namespace agent::kubernetes
