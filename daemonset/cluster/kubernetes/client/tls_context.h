// TLS with OpenSSL: which authorities are trusted, and our own certificate.
#pragma once

#include "daemonset/cluster/kubernetes/client/access.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace agent::kubernetes {

/// TLS 1.2 or newer; servers are verified unless `settings` says otherwise. Errors: a certificate or key that OpenSSL
/// cannot read, or a key that does not belong to its certificate.
[[nodiscard]] outcome::Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsSettings& settings);

} // namespace agent::kubernetes
