#include "ovs-cni/protocol/agent_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ovs_cni {
namespace {

using testing::HasSubstr;

const AttachmentKey kKey{"c0ffee", "eth0"};
const ipam::MacAddress kMac{{0x0a, 1, 2, 3, 4, 5}};
const ipam::IpAddress kIpv4{ipam::Family::IPv4, 0x0af40102};
const ipam::IpAddress kIpv6{ipam::Family::IPv6, (ipam::U128{0xfd00} << 112) | 2};

TEST(AgentProtocol, attachments_and_pods_are_named_by_their_two_parts) {
    EXPECT_EQ(text(kKey), "c0ffee/eth0");
    EXPECT_EQ(text(PodReference{"shop", "web", "1234"}), "shop/web");
    EXPECT_EQ(text(std::optional(PodReference{"shop", "web", ""})), "shop/web");
    EXPECT_EQ(text(std::optional<PodReference>()), "none");
}

TEST(AgentProtocol, every_request_arrives_as_it_was_sent) {
    const Request requests[] = {
        AddRequest{kKey, "ovs0123", kMac, "/run/netns/x", "pods", PodReference{"shop", "web", "1234"}},
        AddRequest{kKey, "ovs0123", kMac, "/run/netns/x", "pods", std::nullopt},
        DelRequest{kKey, "pods"},
        CheckRequest{kKey, "pods"},
        GcRequest{"pods", {kKey, {"other", "net1"}}},
        GcRequest{"pods", {}},
        StatusRequest{"pods"},
    };
    for (const auto& request : requests) {
        const auto line = encode_request(request);
        EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
        const auto decoded = decode_request(line);
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(*decoded, request);
    }
}

template <typename Answer> void expect_round_trip(const Answer& answer) {
    const auto decoded = decode_response<Answer>(encode_response(answer));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, answer);
}

TEST(AgentProtocol, every_response_arrives_as_it_was_sent) {
    expect_round_trip(AddResponse{{kIpv4, kIpv6}, {kIpv4, kIpv6}, 1430, kMac, false});
    expect_round_trip(DelResponse{"ovs0123"});
    expect_round_trip(DelResponse{});
    expect_round_trip(CheckResponse{"ovs0123", kMac, {kIpv4}, "/run/netns/x", {"port: missing", "flows: missing"}});
    expect_round_trip(GcResponse{{{kKey, "ovs0123"}}});
    expect_round_trip(StatusResponse{});
}

TEST(AgentProtocol, an_error_arrives_whatever_was_asked) {
    const CniError error{cni_code::kNoAddress, "no address is free", "10.244.1.0/24"};
    EXPECT_EQ(decode_response<AddResponse>(encode_response(error)).error(), error);
    EXPECT_EQ(decode_response<StatusResponse>(encode_response(error)).error(), error);
}

TEST(AgentProtocol, unknown_fields_are_ignored) {
    const auto request =
        decode_request(R"({"verb":"DEL","containerId":"a","interface":"b","network":"c","later":[1],"protocol":1})");
    EXPECT_EQ(*request, Request(DelRequest{{"a", "b"}, "c"}));
    EXPECT_EQ(*decode_response<DelResponse>(R"({"hostInterface":"x","later":{}})"), DelResponse{"x"});
}

TEST(AgentProtocol, a_newer_protocol_is_refused_by_name) {
    const auto request = decode_request(R"({"verb":"STATUS","network":"c","protocol":2})");
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, cni_code::kIncompatibleVersion);
    EXPECT_THAT(request.error().message, HasSubstr("upgrade the agent"));
}

TEST(AgentProtocol, what_cannot_be_read_is_an_error_that_says_why) {
    for (const char* const line : {"", "x", "[]", "1", "{}", R"({"verb":"DEL"})", R"({"verb":"NONE","network":"c"})",
                                   R"({"verb":"DEL","containerId":1,"interface":"b","network":"c"})",
                                   R"({"verb":"STATUS","network":"c","protocol":"x"})"}) {
        const auto request = decode_request(line);
        ASSERT_FALSE(request) << line;
        EXPECT_EQ(request.error().code, cni_code::kDecode) << line;
        EXPECT_THAT(request.error().message, HasSubstr("the plugin's request cannot be read: "));
    }
    EXPECT_FALSE(decode_response<AddResponse>("{}"));
    EXPECT_FALSE(decode_response<AddResponse>(R"({"addresses":["10.0.0.300"],"gateways":[],"mtu":1,"routerMac":"x"})"));
    EXPECT_FALSE(decode_response<CheckResponse>(R"({"error":{}})"));
}

TEST(AgentProtocol, bytes_that_are_no_text_do_not_make_an_answer_impossible) {
    const auto decoded = decode_response<StatusResponse>(encode_response(CniError{5, "bad \xff byte", ""}));
    EXPECT_EQ(decoded.error().message, "bad \xEF\xBF\xBD byte");
}

} // namespace
} // namespace ovs_cni
