#include "daemonset/cluster/kubernetes/client/tls_context.h"

namespace agent::kubernetes {

namespace ssl = boost::asio::ssl;
using outcome::fail;

outcome::Result<std::shared_ptr<ssl::context>> make_tls_context(const TlsSettings& settings) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    boost::system::error_code error;
    context->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, error);
    if (error) return fail("set up TLS: " + error.message());
    context->set_verify_mode(settings.verify ? ssl::verify_peer : ssl::verify_none, error);
    if (error) return fail("set up TLS: " + error.message());
    if (settings.authorities.empty())
        context->set_default_verify_paths(error);
    else
        context->add_certificate_authority(boost::asio::buffer(settings.authorities), error);
    if (error) return fail("read the certificate authority of the API server: " + error.message());
    if (settings.certificate.empty()) return context;
    context->use_certificate_chain(boost::asio::buffer(settings.certificate), error);
    if (error) return fail("read the client certificate for the API server: " + error.message());
    context->use_private_key(boost::asio::buffer(settings.key), ssl::context::pem, error);
    if (error) return fail("read the client key for the API server: " + error.message());
    return context;
}

} // namespace agent::kubernetes
