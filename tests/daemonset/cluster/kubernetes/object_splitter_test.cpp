#include "daemonset/cluster/kubernetes/object_splitter.h"
#include "tests/ipam/seed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>

namespace agent::kubernetes {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <typename Splitter> std::vector<std::string> feed_whole(Splitter& splitter, std::string_view text) {
    std::vector<std::string> found;
    const auto fed = splitter.feed(text, [&](std::string_view object) { found.emplace_back(object); });
    EXPECT_TRUE(fed) << fed.error().message;
    return found;
}

TEST(ListSplitter, takes_the_items_out_and_keeps_the_rest) {
    ListSplitter splitter;
    EXPECT_THAT(
        feed_whole(splitter, R"({"kind":"PodList","metadata":{"items":[1]},"items":[{"a":[{}]}, {"b":"]}\""}]})"),
        ElementsAre(R"({"a":[{}]})", R"({"b":"]}\""})"));
    EXPECT_EQ(splitter.finish().value(), R"({"kind":"PodList","metadata":{"items":[1]},"items":[]})");
}

TEST(ListSplitter, answers_that_are_no_list_have_no_items) {
    for (const std::string text : {R"({"items":null})", R"({"a":"items","b":[{}]})", R"({"kind":"Status"})"}) {
        ListSplitter splitter;
        EXPECT_THAT(feed_whole(splitter, text), IsEmpty()) << text;
        EXPECT_EQ(splitter.finish().value(), text);
    }
}

TEST(ListSplitter, a_list_that_ended_early_is_an_error) {
    for (const std::string text : {"", R"({"items":[)", R"({"items":[{}])"}) {
        ListSplitter splitter;
        feed_whole(splitter, text);
        EXPECT_FALSE(splitter.finish()) << text;
    }
}

TEST(ListSplitter, what_is_no_object_is_an_error) {
    ListSplitter splitter;
    EXPECT_FALSE(splitter.feed(R"({"items":[{},7]})", [](std::string_view) {}));
}

TEST(EventSplitter, objects_follow_each_other_with_any_white_space_between) {
    EventSplitter splitter;
    EXPECT_THAT(feed_whole(splitter, "{\"a\":1}\n\r\n{}{ }\n{\"half"), ElementsAre("{\"a\":1}", "{}", "{ }"));
    EXPECT_FALSE(splitter.between_objects());
    EXPECT_FALSE(EventSplitter().feed("<html>", [](std::string_view) {}));
}

std::string random_text(std::mt19937& random) {
    constexpr std::string_view letters = "ab\"\\{}[],: \n";
    std::string text;
    for (auto length = random() % 6; length > 0; --length) text += letters[random() % letters.size()];
    return text;
}

json random_value(std::mt19937& random, int depth) {
    const auto kind = random() % (depth > 0 ? 5 : 3);
    if (kind == 0) return random_text(random);
    if (kind == 1) return static_cast<int>(random() % 100);
    if (kind == 2) return nullptr;
    json made = kind == 3 ? json::array() : json::object();
    for (auto size = random() % 4; size > 0; --size)
        if (kind == 3)
            made.push_back(random_value(random, depth - 1));
        else
            made[random() % 4 == 0 ? "items" : random_text(random)] = random_value(random, depth - 1);
    return made;
}

json random_object(std::mt19937& random) {
    json made = json::object();
    made["x"] = random_value(random, 3);
    return made;
}

/// Feeds `text` in pieces of random length.
template <typename Splitter>
std::vector<json> feed_pieces(std::mt19937& random, Splitter& splitter, std::string_view text) {
    std::vector<json> found;
    while (!text.empty()) {
        const auto length = std::min<std::size_t>(text.size(), 1 + random() % 9);
        const auto fed = splitter.feed(text.substr(0, length),
                                       [&](std::string_view object) { found.push_back(json::parse(object)); });
        EXPECT_TRUE(fed) << fed.error().message;
        text.remove_prefix(length);
    }
    return found;
}

TEST(ObjectSplitter, wherever_the_text_is_cut_the_objects_are_the_same) {
    std::mt19937 random(ipam::seed_of_run());
    for (int round = 0; round < 2000; ++round) {
        std::vector<json> items;
        std::string events;
        for (auto count = random() % 5; count > 0; --count) {
            items.push_back(random_object(random));
            events += items.back().dump(random() % 2 == 0 ? -1 : 1) + "\n";
        }
        json list{{"kind", random_text(random)}, {"metadata", random_object(random)}, {"z", random_value(random, 2)}};
        list["items"] = items;
        EventSplitter event_splitter;
        ASSERT_EQ(feed_pieces(random, event_splitter, events), items) << events;
        ListSplitter list_splitter;
        const auto text = list.dump(random() % 2 == 0 ? -1 : 1);
        ASSERT_EQ(feed_pieces(random, list_splitter, text), items) << text;
        list["items"] = json::array();
        ASSERT_EQ(json::parse(list_splitter.finish().value()), list) << text;
    }
}

} // namespace
} // namespace agent::kubernetes
