// TLS: which servers are trusted, and which certificate they receive. Certificates are created with
// the openssl command.
#include "daemonset/cluster/kubernetes/client/api_session.h"
#include "tests/daemonset/cluster/kubernetes/client/scripted_server.h"
#include "tests/daemonset/cluster/manifests/temporary_directory.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace agent::kubernetes {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using outcome::Result;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A folder with two authorities (ca, other-ca), and server and client certificates of the first.
class Certificates {
  public:
    Certificates() {
        for (const std::string name : {"ca", "other-ca"})
            run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
                " -keyout " + name + ".key -out " + name + ".pem");
        sign("server", "subjectAltName=IP:127.0.0.1,DNS:api.example");
        sign("client", "subjectAltName=DNS:node-1");
    }

    [[nodiscard]] std::string file(const std::string& name) const { return folder_.path(name); }
    [[nodiscard]] std::string text(const std::string& name) const { return read_secret(file(name)).value(); }

  private:
    void run(const std::string& command) const {
        const int failed = std::system(("cd " + folder_.path() + " && " + command + " 2> openssl.log").c_str());
        if (failed != 0) throw std::runtime_error(command + ": " + text("openssl.log"));
    }
    void sign(const std::string& name, const std::string& extension) const {
        folder_.write(name + ".ext", extension);
        run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " + name +
            ".key -out " + name + ".csr && openssl x509 -req -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -in " +
            name + ".csr -extfile " + name + ".ext -out " + name + ".pem");
    }

    cluster::TemporaryDirectory folder_;
};

const Certificates& certificates() {
    static const Certificates made;
    return made;
}

class TlsTest : public ::testing::Test {
  protected:
    TlsTest() : acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        server.use_certificate_chain_file(certificates().file("server.pem"));
        server.use_private_key_file(certificates().file("server.key"), ssl::context::pem);
        server.load_verify_file(certificates().file("ca.pem"));
        asio::co_spawn(context, serve(), asio::detached);
    }

    asio::awaitable<void> serve() {
        while (true) {
            boost::system::error_code error;
            ssl::stream<tcp::socket> stream(co_await acceptor.async_accept(asio::use_awaitable), server);
            co_await stream.async_handshake(ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
            if (error) continue;
            std::string request;
            co_await asio::async_read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n",
                                            asio::redirect_error(asio::use_awaitable, error));
            if (error) continue;
            const std::string answer = http_answer(200, "hello");
            co_await asio::async_write(stream, asio::buffer(answer), asio::redirect_error(asio::use_awaitable, error));
        }
    }

    /// The answer to a request with these settings.
    Result<ApiAnswer> ask(const TlsSettings& settings) {
        const auto read = [&]() -> Result<Access> {
            Access access;
            access.servers = {{true, "127.0.0.1", acceptor.local_endpoint().port(), ""}};
            access.tls = settings;
            return access;
        };
        ApiServers servers(context.get_executor(), read);
        ApiSession session(servers);
        ApiRequest request;
        request.target = "/";
        std::optional<Result<ApiAnswer>> answer;
        asio::co_spawn(context, session.fetch(request),
                       [&](const std::exception_ptr&, Result<ApiAnswer> given) { answer = std::move(given); });
        if (!run_until(context, [&] { return answer.has_value(); })) return outcome::fail("the test waited in vain");
        return *answer;
    }

    asio::io_context context;
    ssl::context server{ssl::context::tls_server};
    tcp::acceptor acceptor;
};

TEST_F(TlsTest, a_server_of_the_authority_is_believed_by_address_and_by_name) {
    TlsSettings settings;
    settings.authorities = certificates().text("other-ca.pem") + certificates().text("ca.pem");
    for (const std::string name : {"", "api.example", "127.0.0.1"}) {
        settings.server_name = name;
        const auto answer = ask(settings);
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->body, "hello");
    }
}

TEST_F(TlsTest, a_server_of_another_authority_is_refused) {
    TlsSettings settings;
    settings.authorities = certificates().text("other-ca.pem");
    const auto answer = ask(settings);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, AllOf(HasSubstr("https://127.0.0.1:"), HasSubstr("its certificate is rejected"),
                                              HasSubstr("certificate authority")));
}

TEST_F(TlsTest, this_hosts_authorities_do_not_vouch_for_a_clusters_server) { EXPECT_FALSE(ask(TlsSettings{})); }

TEST_F(TlsTest, a_server_of_another_name_or_address_is_refused) {
    TlsSettings settings;
    settings.authorities = certificates().text("ca.pem");
    for (const std::string name : {"other.example", "127.0.0.2", "example"}) {
        settings.server_name = name;
        const auto answer = ask(settings);
        ASSERT_FALSE(answer) << name;
        EXPECT_THAT(answer.error().message, HasSubstr(name));
    }
}

TEST_F(TlsTest, without_verification_any_server_is_believed) {
    TlsSettings settings;
    settings.authorities = certificates().text("other-ca.pem");
    settings.verify = false;
    EXPECT_TRUE(ask(settings));
}

TEST_F(TlsTest, a_client_certificate_is_shown_where_it_is_asked_for) {
    server.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    TlsSettings settings;
    settings.authorities = certificates().text("ca.pem");
    EXPECT_FALSE(ask(settings));
    settings.certificate = certificates().text("client.pem");
    settings.key = certificates().text("client.key");
    const auto answer = ask(settings);
    EXPECT_TRUE(answer) << answer.error().message;
}

TEST_F(TlsTest, what_open_ssl_cannot_read_is_named) {
    TlsSettings settings;
    settings.authorities = "no certificate";
    EXPECT_THAT(ask(settings).error().message, HasSubstr("read the certificate authority"));
    settings.authorities = certificates().text("ca.pem");
    settings.certificate = certificates().text("client.pem");
    settings.key = certificates().text("server.key");
    EXPECT_THAT(ask(settings).error().message, HasSubstr("read the client key"));
}

} // namespace
} // namespace agent::kubernetes
