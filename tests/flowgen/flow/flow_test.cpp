#include "flowgen/flow/flow_set.h"
#include "flowgen/flow/packet_match.h"

#include <gmock/gmock.h>

namespace flowgen {
namespace {

TEST(Match, spellings_of_one_match_are_equal) {
    const auto host = Match().set(Field::eth_type, 0x800).set(Field::ipv4_src, 0x0a000001);
    const auto slash32 = Match().set(Field::ipv4_src, 0x0a000001, 0xffffffff).set(Field::eth_type, 0x800);
    const auto host_bits = Match().set(Field::eth_type, 0x800).set(Field::ipv4_src, 0x0a0000ff, 0xffffff00);
    const auto network = Match().set(Field::eth_type, 0x800).set(Field::ipv4_src, 0x0a000000, 0xffffff00);
    EXPECT_EQ(host, slash32);
    EXPECT_EQ(host_bits, network);
}

TEST(Match, a_zero_mask_matches_everything_and_is_left_out) { EXPECT_EQ(Match().set(Field::reg8, 5, 0), Match()); }

TEST(Match, contradicting_values_are_refused) {
    EXPECT_THROW(Match().set(Field::reg8, 1).set(Field::reg8, 2), std::logic_error);
    EXPECT_EQ(Match().set(Field::reg8, 1, 1).set(Field::reg8, 2, 2), Match().set(Field::reg8, 3, 3));
}

TEST(FlowText, is_what_ovs_ofctl_reads) {
    const auto line = [](const Match& match, const Actions& actions) { return text({80, 7, match}, {0x1, actions}); };
    EXPECT_EQ(line({}, {}), "cookie=0x1,table=80,priority=7,actions=drop");
    EXPECT_EQ(line(transport_to(ipam::Family::IPv4, Protocol::TCP, {80, 0xffff}), {Conjunction{7, 2, 3}}),
              "cookie=0x1,table=80,priority=7,tcp,tcp_dst=80,actions=conjunction(7,2/3)");
    EXPECT_EQ(line(transport_to(ipam::Family::IPv6, Protocol::SCTP, {0x1f40, 0xfff0}), {GotoTable{90}}),
              "cookie=0x1,table=80,priority=7,sctp6,sctp_dst=0x1f40/0xfff0,actions=goto_table:90");
    EXPECT_EQ(line(ip_from({{ipam::Family::IPv4, 0x0a000000}, 8}).set(Field::in_port, kLocalPort), {Output{kInPort}}),
              "cookie=0x1,table=80,priority=7,in_port=LOCAL,ip,nw_src=10.0.0.0/8,actions=IN_PORT");
    EXPECT_EQ(line(Match().set(Field::ct_state, ct_state::kTracked, ct_state::kTracked | ct_state::kReply), {DecTtl{}}),
              "cookie=0x1,table=80,priority=7,ct_state=-rpl+trk,actions=dec_ttl");
    EXPECT_EQ(
        line({}, {Ct{.commit = true, .zone = std::uint16_t{5}, .exec = {SetField{Field::ct_mark, 1, 3}}},
                  OutputRegister{Field::reg8}}),
        "cookie=0x1,table=80,priority=7,actions=ct(commit,zone=5,exec(set_field:0x1/0x3->ct_mark)),output:reg8[]");
    EXPECT_EQ(line(transport(ipam::Family::IPv4, Protocol::TCP)
                       .set(Field::tcp_flags, tcp_flags::kSyn, tcp_flags::kSyn | tcp_flags::kAck),
                   {Ct{.commit = true, .force = true, .zone = Field::reg12, .table = 61}}),
              "cookie=0x1,table=80,priority=7,tcp,tcp_flags=+syn-ack,"
              "actions=ct(commit,force,table=61,zone=reg12[0..15])");
    EXPECT_EQ(
        line({},
             {Move{Field::xxreg0, 0, Field::tun_metadata0, 0, 128}, Move{Field::reg10, 0, Field::ct_label, 32, 32}}),
        "cookie=0x1,table=80,priority=7,actions=move:xxreg0[]->tun_metadata0[0..127],move:reg10[]->ct_label[32..63]");
}

FlowSet set_of(std::initializer_list<std::pair<std::uint16_t, Actions>> flows) {
    FlowSet out;
    for (const auto& [priority, actions] : flows) out[{0, priority, {}}] = {1, actions};
    return out;
}

TEST(Delta, is_empty_for_equal_sets_and_complete_otherwise) {
    const auto old = set_of({{10, {}}, {20, {DecTtl{}}}, {30, {}}});
    EXPECT_TRUE(delta(old, old).empty());
    const auto changes = delta(old, set_of({{5, {}}, {10, {}}, {20, {}}}));
    EXPECT_THAT(changes.removed, testing::ElementsAre(FlowKey{0, 30, {}}));
    EXPECT_THAT(changes.added_or_changed, testing::ElementsAre(std::pair(FlowKey{0, 20, {}}, FlowBody{1, {}}),
                                                               std::pair(FlowKey{0, 5, {}}, FlowBody{1, {}})));
}

TEST(Delta, a_new_cookie_is_a_change) {
    auto renamed = set_of({{10, {}}});
    renamed.begin()->second.cookie = 2;
    EXPECT_EQ(delta(set_of({{10, {}}}), renamed).added_or_changed.size(), 1U);
}

} // namespace
} // namespace flowgen
