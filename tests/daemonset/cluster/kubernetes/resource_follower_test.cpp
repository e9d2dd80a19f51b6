// List and watch of one resource against a server that follows a script.
#include "daemonset/cluster/kubernetes/collection.h"
#include "daemonset/cluster/kubernetes/resource_follower.h"
#include "tests/daemonset/cluster/kubernetes/client/scripted_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace agent::kubernetes {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Values = std::map<std::string, std::string>;

/// An object whose value is "v"; "wrong" cannot be read.
json object(const std::string& name, const std::string& value, const std::string& version) {
    return {{"metadata", {{"name", name}, {"resourceVersion", version}}}, {"v", value}};
}

std::string list(const std::vector<json>& items, const std::string& version, const std::string& next = "") {
    json metadata{{"resourceVersion", version}};
    if (!next.empty()) metadata["continue"] = next;
    return http_answer(200, json{{"metadata", metadata}, {"items", items}}.dump());
}

std::string event(const std::string& type, const json& of) {
    return chunk(json{{"type", type}, {"object", of}}.dump() + "\n");
}

json bookmark(const std::string& version) { return {{"metadata", {{"resourceVersion", version}}}}; }

std::string expired_status() { return json{{"kind", "Status"}, {"code", 410}, {"message", "too old"}}.dump(); }

class ResourceFollowerTest : public ::testing::Test, public ResourceFollower::Listener {
  protected:
    ResourceFollowerTest() {
        timing.first_retry = std::chrono::milliseconds(1);
        timing.longest_retry = std::chrono::milliseconds(4);
        timing.head = timing.body = timing.silence = std::chrono::seconds(5);
    }

    /// Follows servers that give the scripted answers in turn, and then none.
    void follow(std::deque<std::string> answers, const std::vector<std::string>& urls_before = {}) {
        script = std::move(answers);
        server = std::make_unique<ScriptedServer>(context, [this](const std::string&) {
            if (script.empty()) return std::string();
            auto answer = std::move(script.front());
            script.pop_front();
            return answer;
        });
        auto urls = urls_before;
        urls.push_back(server->url());
        servers.emplace(
            context.get_executor(),
            [urls]() -> outcome::Result<Access> {
                Access access;
                for (const auto& url : urls) access.servers.push_back(parse_server_url(url).value());
                return access;
            },
            timing);
        follower.emplace(*servers, resource, collection, *this);
        asio::co_spawn(context, follower->run(), asio::detached);
    }

    void settled() override {
        ++settled_count;
        seen.push_back(values);
    }

    [[nodiscard]] bool becomes(const Values& expected) {
        return run_until(context, [&] { return follower->listed() && values == expected; });
    }
    [[nodiscard]] bool requests(std::size_t count) {
        return run_until(context, [&] { return server->requests().size() >= count; });
    }

    asio::io_context context;
    Timing timing;
    Resource resource{.name = "things", .path = "/api/v1/things", .selector = "spec.nodeName=n1"};
    Values values;
    ChangeRecord record;
    Collection<Values> collection{{.kind = "Thing",
                                   .api_version = "v1",
                                   .decode = [](const json& of) -> outcome::Result<std::string> {
                                       if (of["v"] == "wrong") return outcome::fail("v: is wrong");
                                       return of["v"].get<std::string>();
                                   }},
                                  values,
                                  record};
    std::deque<std::string> script;
    std::unique_ptr<ScriptedServer> server;
    std::optional<ApiServers> servers;
    std::optional<ResourceFollower> follower;
    int settled_count = 0;
    std::vector<Values> seen; ///< at each notification of the follower
};

TEST_F(ResourceFollowerTest, a_list_comes_in_chunks_and_counts_when_it_is_complete) {
    follow({list({object("a", "1", "5")}, "7", "more/"), list({object("b", "2", "6")}, "7")});
    ASSERT_TRUE(becomes({{"a", "1"}, {"b", "2"}}));
    ASSERT_TRUE(requests(3));
    EXPECT_EQ(seen, (std::vector<Values>{{{"a", "1"}, {"b", "2"}}}));
    EXPECT_THAT(server->requests()[0],
                HasSubstr("GET /api/v1/things?limit=500&fieldSelector=spec.nodeName%3Dn1 HTTP/1.1"));
    EXPECT_THAT(server->requests()[1], HasSubstr("limit=500&continue=more%2F&fieldSelector"));
    EXPECT_THAT(server->requests()[2], AllOf(HasSubstr("watch=true&allowWatchBookmarks=true&resourceVersion=7"),
                                             HasSubstr("&fieldSelector=spec.nodeName%3Dn1")));
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ResourceFollowerTest, events_are_applied_and_a_burst_is_told_once) {
    follow({list({object("a", "1", "5"), object("b", "1", "5")}, "7"), kChunkedHead});
    ASSERT_TRUE(becomes({{"a", "1"}, {"b", "1"}}));
    ASSERT_TRUE(requests(2));
    settled_count = 0;
    server->send("watch", event("ADDED", object("c", "1", "8")) + event("MODIFIED", object("a", "2", "9")) +
                              event("DELETED", object("b", "1", "10")));
    ASSERT_TRUE(becomes({{"a", "2"}, {"c", "1"}}));
    EXPECT_EQ(settled_count, 1);
}

TEST_F(ResourceFollowerTest, a_watch_that_ends_goes_on_from_its_last_bookmark) {
    follow({list({object("a", "1", "5")}, "7"),
            kChunkedHead + event("MODIFIED", object("a", "2", "8")) + event("BOOKMARK", bookmark("99")) + kLastChunk});
    ASSERT_TRUE(requests(3));
    EXPECT_THAT(server->requests()[2], HasSubstr("resourceVersion=99&"));
    EXPECT_EQ(values, (Values{{"a", "2"}}));
    EXPECT_EQ(server->count("limit="), 1U) << "it is not listed again";
}

TEST_F(ResourceFollowerTest, after_a_gone_event_the_difference_to_a_new_list_is_applied) {
    follow({list({object("a", "1", "5"), object("b", "1", "5")}, "7"),
            kChunkedHead + event("ERROR", json::parse(expired_status())), list({object("a", "1", "5")}, "20", "more"),
            list({object("c", "1", "19")}, "20"), kChunkedHead});
    ASSERT_TRUE(becomes({{"a", "1"}, {"c", "1"}}));
    for (const auto& values_then : seen)
        EXPECT_TRUE(values_then.contains("a")) << "an object that stays never disappears";
    ASSERT_TRUE(requests(5));
    EXPECT_THAT(server->requests()[4], HasSubstr("resourceVersion=20"));
}

TEST_F(ResourceFollowerTest, a_gone_status_of_a_watch_means_the_same) {
    follow({list({object("a", "1", "5")}, "7"), http_answer(410, expired_status()), list({}, "20")});
    ASSERT_TRUE(becomes({{"a", "1"}}));
    ASSERT_TRUE(becomes({}));
}

TEST_F(ResourceFollowerTest, a_list_whose_continuation_expired_begins_again) {
    follow({list({object("a", "1", "5")}, "7", "more"), http_answer(410, expired_status()),
            list({object("b", "1", "8")}, "9")});
    ASSERT_TRUE(becomes({{"b", "1"}}));
    EXPECT_EQ(seen.size(), 1U);
}

TEST_F(ResourceFollowerTest, a_silent_connection_is_left_and_the_watch_goes_on_where_it_was) {
    timing.silence = std::chrono::milliseconds(50);
    follow({list({object("a", "1", "5")}, "7"), kChunkedHead, kChunkedHead + event("DELETED", object("a", "1", "8"))});
    ASSERT_TRUE(becomes({}));
    EXPECT_THAT(server->requests()[2], HasSubstr("resourceVersion=7&"));
    EXPECT_EQ(server->count("limit="), 1U);
}

TEST_F(ResourceFollowerTest, a_dead_server_is_left_for_another_one) {
    follow({list({object("a", "1", "5")}, "7")}, {unused_url()});
    ASSERT_TRUE(becomes({{"a", "1"}}));
}

TEST_F(ResourceFollowerTest, what_was_deleted_while_away_is_noticed) {
    follow({list({object("a", "1", "5"), object("b", "1", "5")}, "7"), kChunkedHead});
    ASSERT_TRUE(becomes({{"a", "1"}, {"b", "1"}}));
    ASSERT_TRUE(requests(2));
    script = {http_answer(410, expired_status()), list({object("b", "1", "5")}, "30")};
    server->send("watch", kLastChunk);
    ASSERT_TRUE(becomes({{"b", "1"}}));
}

TEST_F(ResourceFollowerTest, an_error_answer_is_trouble_until_a_list_succeeds) {
    follow({http_answer(403, R"({"message":"things is forbidden"})")});
    ASSERT_TRUE(run_until(context, [&] { return !follower->last_error().empty(); }));
    EXPECT_THAT(follower->last_error(), HasSubstr("403: things is forbidden"));
    EXPECT_FALSE(follower->listed());
    script = {list({}, "7"), kChunkedHead};
    ASSERT_TRUE(becomes({}));
    EXPECT_EQ(follower->last_error(), "");
}

TEST_F(ResourceFollowerTest, a_resource_that_may_be_missing_is_empty_then) {
    resource.may_be_missing = true;
    follow({http_answer(404, "404 page not found")});
    ASSERT_TRUE(becomes({}));
    EXPECT_EQ(follower->last_error(), "");
}

TEST_F(ResourceFollowerTest, a_resource_that_has_to_be_there_is_trouble_when_it_is_missing) {
    follow({http_answer(404, "404 page not found")});
    ASSERT_TRUE(run_until(context, [&] { return !follower->last_error().empty(); }));
    EXPECT_FALSE(follower->listed());
}

TEST_F(ResourceFollowerTest, an_object_that_cannot_be_read_keeps_its_last_good_state_and_stops_no_other) {
    follow({list({object("a", "1", "5"), object("new", "wrong", "5")}, "7"),
            kChunkedHead + event("MODIFIED", object("a", "wrong", "8")) + event("ADDED", object("b", "1", "9"))});
    ASSERT_TRUE(becomes({{"a", "1"}, {"b", "1"}}));
    EXPECT_EQ(collection.errors(), (std::vector<std::string>{"Thing a: v: is wrong", "Thing new: v: is wrong"}));
    // A new list with an object that is still invalid, and without another whose error disappears
    // with it.
    script = {http_answer(410, expired_status()), list({object("a", "wrong", "8")}, "30"), kChunkedHead};
    server->send("watch", kLastChunk);
    ASSERT_TRUE(becomes({{"a", "1"}}));
    EXPECT_EQ(collection.errors(), (std::vector<std::string>{"Thing a: v: is wrong"}));
    ASSERT_TRUE(run_until(context, [&] { return script.empty(); }));
    server->send("resourceVersion=30", event("MODIFIED", object("a", "2", "31")));
    ASSERT_TRUE(becomes({{"a", "2"}}));
    EXPECT_TRUE(collection.errors().empty());
}

TEST_F(ResourceFollowerTest, a_list_of_many_is_read_piece_by_piece) {
    std::vector<json> items;
    Values expected;
    for (int i = 0; i < 5000; ++i) {
        items.push_back(object("thing-" + std::to_string(i), std::to_string(i), "5"));
        expected.emplace("thing-" + std::to_string(i), std::to_string(i));
    }
    follow({list(items, "7")});
    ASSERT_TRUE(becomes(expected));
}

} // namespace
} // namespace agent::kubernetes
