// The codec without a switch: what it refuses to send, and how it reads a recorded answer, whole
// and broken.
#include "daemonset/switch/openflow/flow_codec.h"
#include "tests/daemonset/switch/openflow/random_flows.h"

#include <gmock/gmock.h>

namespace agent {
namespace {

using flowgen::Field;
using flowgen::FlowBody;
using flowgen::FlowKey;
using flowgen::Match;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The answer of ovs-vswitchd 3.1 to a request for all flows, after three had been added with
/// cookie=0x1234,table=10,priority=7,tcp,tun_metadata0=(reply flag),nw_src=10.0.0.0/8,tp_dst=80,
///   actions=set_field:5->reg8,ct(commit,zone=1,exec(set_field:2/3->ct_mark)),dec_ttl,goto_table:140
/// cookie=0x5,table=80,priority=9,xxreg0=0x1/0xff,ipv6,actions=conjunction(77,1/2),conjunction(78,2/3)
/// table=3,idle_timeout=60,dl_vlan=7,actions=resubmit(,4)
constexpr std::string_view kAnswer =
    "061302080000000900010000000000000078000003008000003c00000000000000000000000000000001000a80000c021007"
    "000000000000000000348002000800000000000f424080020208000000000000000080020808000000000000000080020a08"
    "0000000000000000000000000004001800000000ffff001000002320000efff80400000000e800000a000007000000000000"
    "000000000000000012340001004580000a020800800017080a000000ff000000800014010680001c02005000015120020000"
    "000000000000000000000000000200000000000000000000000000000000000000000034800200080000000002719c408002"
    "0208000000000000000080020808000000000000000080020a08000000000000000000000000000400480000000000190010"
    "000110040000000500000000ffff00280000232000230001000000000001ff0000000000001900100001d708000000020000"
    "00030018000800000000000100088c0000000098000050000009000000000000000000000000000000050001001e80000a02"
    "86dd80010310000000000000000100000000000000ff000000000034800200080000000001ba814080020208000000000000"
    "000080020808000000000000000080020a080000000000000000000000000004002800000000ffff00100000232000220002"
    "0000004dffff001000002320002201030000004e";

Bytes answer() {
    Bytes bytes;
    for (std::size_t i = 0; i < kAnswer.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(kAnswer.substr(i, 2)), nullptr, 16)));
    return bytes;
}

const FlowKey kIpv4{10, 7, Match{}.set(Field::eth_type, 0x0800)};

std::string refusal(const FlowKey& key, const FlowBody& body) {
    Bytes out{1, 2, 3};
    const auto done = append_flow_add(out, 9, key, body);
    EXPECT_EQ(out.size(), 3U) << "a refused flow left something behind";
    return done ? "" : done.error().message;
}

TEST(FlowDecoder, reads_a_recorded_answer) {
    const auto bytes = answer();
    InstalledFlows installed;
    ASSERT_TRUE(decode_flow_descriptions(bytes, installed));
    std::vector<std::string> texts;
    for (const auto& [key, body] : installed.flows) texts.push_back(flowgen::text(key, body));
    EXPECT_THAT(
        texts,
        ElementsAre("cookie=0x1234,table=10,priority=7,tun_metadata0=0x2000000000000000000000000000000/"
                    "0x2000000000000000000000000000000,tcp,nw_src=10.0.0.0/8,tcp_dst=80,actions=set_field:0x5->reg8,"
                    "ct(commit,zone=1,exec(set_field:0x2/0x3->ct_mark)),dec_ttl,goto_table:140",
                    "cookie=0x5,table=80,priority=9,xxreg0=0x1/0xff,ipv6,actions=conjunction(77,1/2),"
                    "conjunction(78,2/3)"));
    ASSERT_EQ(installed.foreign.size(), 1U);
    EXPECT_THAT(installed.foreign.front().text, HasSubstr("dl_vlan=7"));
}

TEST(FlowDecoder, survives_answers_that_are_cut_short) {
    silence_openvswitch();
    const auto bytes = answer();
    for (std::size_t length = 8; length < bytes.size(); ++length) {
        Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
        cut[2] = static_cast<std::uint8_t>(length >> 8);
        cut[3] = static_cast<std::uint8_t>(length);
        InstalledFlows installed;
        const auto done = decode_flow_descriptions(cut, installed);
        EXPECT_LT(installed.flows.size() + installed.foreign.size(), 3U);
        EXPECT_THAT(done ? "read the installed flows" : done.error().message, HasSubstr("read the installed flows"));
    }
}

TEST(FlowDecoder, survives_answers_with_wrong_bits) {
    silence_openvswitch();
    Random random(seed_of_run());
    std::size_t refused = 0;
    for (int round = 0; round < 20000; ++round) {
        auto bytes = answer();
        for (int changes = 0; changes < 3; ++changes) bytes[8 + random() % (bytes.size() - 8)] ^= 1U << random() % 8;
        InstalledFlows installed;
        if (!decode_flow_descriptions(bytes, installed)) ++refused;
    }
    EXPECT_GT(refused, 0U);
}

TEST(FlowEncoder, writes_the_header_that_was_asked_for) {
    Bytes out;
    ASSERT_TRUE(append_flow_add(out, 0x01020304, kIpv4, {}));
    EXPECT_EQ(out[0], 6); // OpenFlow 1.5
    EXPECT_EQ(static_cast<std::size_t>(out[2] << 8 | out[3]), out.size());
    EXPECT_THAT(std::vector<int>(out.begin() + 4, out.begin() + 8), ElementsAre(1, 2, 3, 4));
}

TEST(FlowEncoder, refuses_a_match_without_its_prerequisites) {
    const FlowKey key{10, 7, Match{}.set(Field::eth_type, 0x0800).set(Field::tcp_dst, 80)};
    EXPECT_THAT(refusal(key, {}), HasSubstr("tcp_dst"));
    const FlowKey address{10, 7, Match{}.set(Field::ipv4_src, 80)};
    EXPECT_THAT(refusal(address, {}), HasSubstr("nw_src"));
}

TEST(FlowEncoder, refuses_a_mask_that_the_field_does_not_take) {
    const FlowKey key{10, 7, Match{kIpv4.match}.set(Field::ip_proto, 4, 4)};
    EXPECT_THAT(refusal(key, {}), HasSubstr("nw_proto"));
}

TEST(FlowEncoder, refuses_values_that_do_not_fit) {
    const FlowKey key{10, 7, Match{}.set(Field::in_port, 0x10001)};
    EXPECT_THAT(refusal(key, {}), HasSubstr("in_port"));
    EXPECT_THAT(refusal(kIpv4, {0, {flowgen::SetField{Field::reg8, 6, 3}}}), HasSubstr("reg8"));
    EXPECT_THAT(refusal(kIpv4, {0, {flowgen::Output{0x10000}}}), HasSubstr("65536"));
}

TEST(FlowEncoder, refuses_a_reserved_cookie) { EXPECT_THAT(refusal(kIpv4, {UINT64_MAX, {}}), HasSubstr("cookie")); }

TEST(FlowEncoder, refuses_a_conjunction_that_is_none) {
    EXPECT_THAT(refusal(kIpv4, {0, {flowgen::Conjunction{5, 3, 2}}}), HasSubstr("conjunction 5"));
    EXPECT_THAT(refusal(kIpv4, {0, {flowgen::Conjunction{5, 1, 1}}}), HasSubstr("conjunction 5"));
}

TEST(FlowEncoder, refuses_more_actions_than_a_message_holds) {
    FlowBody body;
    for (std::uint32_t id = 1; id <= 4060; ++id) body.actions.emplace_back(flowgen::Conjunction{id, 1, 2});
    Bytes out;
    EXPECT_TRUE(append_flow_add(out, 9, kIpv4, body));
    for (std::uint32_t id = 4061; id <= 4200; ++id) body.actions.emplace_back(flowgen::Conjunction{id, 1, 2});
    EXPECT_THAT(refusal(kIpv4, body), HasSubstr("too many actions"));
}

} // namespace
} // namespace agent
