// Requests to API servers: their bytes, the choice of server, and the effect of a broken
// connection.
#include "daemonset/cluster/kubernetes/client/api_session.h"
#include "tests/daemonset/cluster/kubernetes/client/scripted_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent::kubernetes {
namespace {

namespace asio = boost::asio;
using outcome::Result;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ApiSessionTest : public ::testing::Test {
  protected:
    ApiSessionTest() {
        timing.connect = std::chrono::milliseconds(300);
        timing.head = std::chrono::milliseconds(200);
    }

    ReadAccess access_to(const std::vector<std::string>& urls) {
        return [this, urls]() -> Result<Access> {
            Access access;
            for (const auto& url : urls) access.servers.push_back(parse_server_url(url).value());
            access.token = token;
            return access;
        };
    }

    Result<ApiAnswer> fetch(ApiSession& session, ApiRequest request) {
        std::optional<Result<ApiAnswer>> answer;
        asio::co_spawn(context, session.fetch(std::move(request)),
                       [&](const std::exception_ptr& thrown, Result<ApiAnswer> given) {
                           EXPECT_FALSE(thrown);
                           answer = std::move(given);
                       });
        if (!run_until(context, [&] { return answer.has_value(); })) return outcome::fail("the test waited in vain");
        return *answer;
    }

    static ApiRequest get(const std::string& target) {
        ApiRequest request;
        request.target = target;
        return request;
    }

    asio::io_context context;
    Timing timing;
    std::string token = "secret";
};

std::string greet(const std::string& /*request*/) { return http_answer(200, "hello"); }

TEST_F(ApiSessionTest, requests_share_a_connection_and_say_who_asks) {
    ScriptedServer server(context, greet);
    ApiServers servers(context.get_executor(), access_to({server.url() + "/prefix"}), timing);
    ApiSession session(servers);
    for (const char* target : {"/a", "/b"}) {
        const auto answer = fetch(session, get(target));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->status, 200U);
        EXPECT_EQ(answer->body, "hello");
    }
    EXPECT_EQ(server.connections(), 1U);
    EXPECT_THAT(server.requests().at(1),
                AllOf(HasSubstr("GET /prefix/b HTTP/1.1\r\n"), HasSubstr("User-Agent: ovs-cni-agent/"),
                      HasSubstr("Authorization: Bearer secret\r\n"), HasSubstr("Host: 127.0.0.1:")));
}

TEST_F(ApiSessionTest, a_patch_has_a_body_and_its_type) {
    std::string received;
    ScriptedServer server(context, [&](const std::string& request) {
        received = request;
        return http_answer(200, "{}");
    });
    ApiServers servers(context.get_executor(), access_to({server.url()}), timing);
    ApiSession session(servers);
    ApiRequest patch = get("/api/v1/nodes/n1/status");
    patch.method = "PATCH";
    patch.content_type = "application/strategic-merge-patch+json";
    patch.body = "{\"status\":{}}";
    ASSERT_TRUE(fetch(session, patch));
    EXPECT_THAT(received, AllOf(HasSubstr("PATCH /api/v1/nodes/n1/status"), HasSubstr("Content-Length: 13\r\n"),
                                HasSubstr("Content-Type: application/strategic-merge-patch+json\r\n")));
}

TEST_F(ApiSessionTest, a_kept_connection_that_the_server_ended_is_replaced) {
    ScriptedServer server(context, [](const std::string&) {
        return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
    });
    ApiServers servers(context.get_executor(), access_to({server.url()}), timing);
    ApiSession session(servers);
    EXPECT_TRUE(fetch(session, get("/a")));
    EXPECT_TRUE(fetch(session, get("/b")));
    EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ApiSessionTest, a_dead_server_is_left_for_the_next) {
    ScriptedServer server(context, greet);
    ApiServers servers(context.get_executor(), access_to({unused_url(), server.url()}), timing);
    ApiSession one(servers);
    ApiSession other(servers);
    const auto answer = fetch(one, get("/a"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(fetch(other, get("/b")));
    EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ApiSessionTest, a_server_that_accepts_and_says_nothing_is_left_for_the_next) {
    ScriptedServer silent(context, [](const std::string&) { return std::string(); });
    ScriptedServer server(context, greet);
    ApiServers servers(context.get_executor(), access_to({silent.url(), server.url()}), timing);
    ApiSession session(servers);
    const auto first = fetch(session, get("/a"));
    ASSERT_FALSE(first);
    EXPECT_THAT(first.error().message, AllOf(HasSubstr(silent.url()), HasSubstr("no progress for 200 ms")));
    EXPECT_TRUE(fetch(session, get("/b")));
}

TEST_F(ApiSessionTest, without_any_server_the_error_names_all) {
    const auto one = unused_url();
    const auto other = unused_url();
    ApiServers servers(context.get_executor(), access_to({one, other}), timing);
    ApiSession session(servers);
    const auto answer = fetch(session, get("/a"));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, AllOf(HasSubstr(one), HasSubstr(other), HasSubstr("Connection refused")));
}

TEST_F(ApiSessionTest, a_token_that_is_refused_is_read_again) {
    ScriptedServer server(context, [](const std::string& request) {
        return http_answer(request.find("Bearer fresh") == std::string::npos ? 401 : 200, "");
    });
    ApiServers servers(context.get_executor(), access_to({server.url()}), timing);
    ApiSession session(servers);
    EXPECT_EQ(fetch(session, get("/a")).value().status, 401U);
    token = "fresh";
    EXPECT_EQ(fetch(session, get("/a")).value().status, 200U);
}

TEST_F(ApiSessionTest, a_token_that_rotates_is_read_again_in_time) {
    timing.access = std::chrono::milliseconds(0);
    ScriptedServer server(context, greet);
    ApiServers servers(context.get_executor(), access_to({server.url()}), timing);
    ApiSession session(servers);
    ASSERT_TRUE(fetch(session, get("/a")));
    token = "fresh";
    ASSERT_TRUE(fetch(session, get("/b")));
    EXPECT_THAT(server.requests().at(1), HasSubstr("Bearer fresh"));
}

TEST_F(ApiSessionTest, access_that_cannot_be_read_again_goes_on_being_used) {
    timing.access = std::chrono::milliseconds(0);
    ScriptedServer server(context, greet);
    bool gone = false;
    const auto read = access_to({server.url()});
    ApiServers servers(
        context.get_executor(),
        [&]() -> Result<Access> {
            if (gone) return outcome::fail("the token is gone");
            return read();
        },
        timing);
    ApiSession session(servers);
    ASSERT_TRUE(fetch(session, get("/a")));
    gone = true;
    ASSERT_TRUE(fetch(session, get("/b")));
    EXPECT_THAT(server.requests().at(1), HasSubstr("Bearer secret"));
}

TEST_F(ApiSessionTest, an_answer_that_ends_in_the_middle_is_an_error) {
    ScriptedServer server(context, [](const std::string&) { return kChunkedHead + chunk("half"); });
    ApiServers servers(context.get_executor(), access_to({server.url()}), timing);
    ApiSession session(servers);
    std::optional<Result<ApiAnswer>> answer;
    asio::co_spawn(context, session.fetch(get("/a")),
                   [&](const std::exception_ptr&, Result<ApiAnswer> given) { answer = std::move(given); });
    ASSERT_TRUE(run_until(context, [&] { return server.count("/a") == 1; }));
    server.stop();
    ASSERT_TRUE(run_until(context, [&] { return answer.has_value(); }));
    ASSERT_FALSE(*answer);
    EXPECT_THAT(answer->error().message, Not(HasSubstr("waited in vain")));
}

TEST(Refusal, is_the_message_of_its_status) {
    EXPECT_EQ(describe_refusal({403, R"({"kind":"Status","message":"pods is forbidden"})"}),
              "the API server answered 403: pods is forbidden");
    EXPECT_EQ(describe_refusal({502, "Bad Gateway"}), "the API server answered 502: Bad Gateway");
    EXPECT_EQ(describe_refusal({500, ""}), "the API server answered 500");
}

TEST(PercentEncoding, leaves_only_what_is_unreserved) {
    EXPECT_EQ(percent_encode("spec.nodeName=n-1_~&/"), "spec.nodeName%3Dn-1_~%26%2F");
}

} // namespace
} // namespace agent::kubernetes
