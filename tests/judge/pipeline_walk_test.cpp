// The walk through hand-written flows: it acts like Open vSwitch, and refuses what a switch would
// refuse.
#include "tests/judge/pipeline_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace judge {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Bridge bridge(const std::vector<std::string>& flows) {
    auto loaded = Bridge::load(flows);
    if (!loaded) throw std::runtime_error(loaded.error().message);
    return std::move(*loaded);
}

std::string refusal(const std::vector<std::string>& flows) {
    const auto loaded = Bridge::load(flows);
    return loaded ? "accepted" : loaded.error().message;
}

Tuple tuple(const std::string& source, const std::string& destination, std::uint16_t port,
            std::uint8_t number = protocol::kTcp) {
    return {.source = *IpAddress::parse(source),
            .destination = *IpAddress::parse(destination),
            .protocol = number,
            .source_port = 40000,
            .destination_port = port};
}

Frame frame(const Tuple& tuple) {
    return {.source_mac = {{2, 0, 0, 0, 0, 1}}, .destination_mac = {{2, 0, 0, 0, 0, 2}}, .tuple = tuple};
}

std::vector<std::uint16_t> ports(const Passage& passage) {
    EXPECT_EQ(passage.error, "");
    std::vector<std::uint16_t> result;
    result.reserve(passage.emissions.size());
    for (const auto& emission : passage.emissions) result.push_back(emission.port);
    return result;
}

/// The ports at which a TCP packet from `source` to 10.0.0.9:`port` leaves.
std::vector<std::uint16_t> out(Bridge& bridge, const std::string& source, std::uint16_t port) {
    return ports(bridge.receive(frame(tuple(source, "10.0.0.9", port)), 1));
}

using Ports = std::vector<std::uint16_t>;

TEST(PipelineWalk, the_highest_priority_that_matches_decides) {
    auto walked = bridge({"table=0,priority=30,tcp,tp_dst=80,actions=output:2",
                          "table=0,priority=20,tcp,nw_src=10.0.0.0/24,actions=output:3",
                          "table=0,priority=10,ip,actions=output:4"});
    EXPECT_EQ(out(walked, "10.0.0.1", 80), Ports{2});
    EXPECT_EQ(out(walked, "10.0.0.1", 81), Ports{3});
    EXPECT_EQ(out(walked, "10.0.1.1", 81), Ports{4});
}

TEST(PipelineWalk, what_no_flow_matches_is_dropped_and_the_trace_says_where) {
    auto walked = bridge({"table=0,tcp,actions=goto_table:10", "table=10,udp,actions=output:2"});
    const auto passage = walked.receive(frame(tuple("10.0.0.1", "10.0.0.9", 80)), 1);
    EXPECT_THAT(passage.emissions, IsEmpty());
    ASSERT_EQ(passage.trace.size(), 2U);
    EXPECT_THAT(passage.trace[0].flow, HasSubstr("goto_table:10"));
    EXPECT_EQ(passage.trace[1].table, 10);
    EXPECT_THAT(passage.trace[1].flow, HasSubstr("no flow"));
}

TEST(PipelineWalk, masked_ports_and_addresses_match_their_blocks) {
    auto walked = bridge({"table=0,priority=10,tcp,tp_dst=0x1000/0xfff0,actions=output:2",
                          "table=0,priority=5,tcp,nw_src=10.0.0.128/25,actions=output:3"});
    EXPECT_EQ(out(walked, "10.0.0.1", 0x0fff), Ports{});
    EXPECT_EQ(out(walked, "10.0.0.1", 0x1000), Ports{2});
    EXPECT_EQ(out(walked, "10.0.0.1", 0x100f), Ports{2});
    EXPECT_EQ(out(walked, "10.0.0.1", 0x1010), Ports{});
    EXPECT_EQ(out(walked, "10.0.0.128", 1), Ports{3});
    EXPECT_EQ(out(walked, "10.0.0.127", 1), Ports{});
}

TEST(PipelineWalk, a_conjunction_of_two_needs_both_clauses) {
    auto walked = bridge({"table=0,priority=10,ip,nw_src=10.0.0.1,actions=conjunction(7,1/2)",
                          "table=0,priority=10,ip,nw_src=10.0.0.2,actions=conjunction(7,1/2)",
                          "table=0,priority=10,tcp,tp_dst=80,actions=conjunction(7,2/2)",
                          "table=0,priority=10,tcp,tp_dst=81,actions=conjunction(7,2/2)",
                          "table=0,priority=10,conj_id=7,ip,actions=output:2", "table=0,priority=1,actions=output:3"});
    EXPECT_EQ(out(walked, "10.0.0.1", 80), Ports{2});
    EXPECT_EQ(out(walked, "10.0.0.2", 81), Ports{2});
    EXPECT_EQ(out(walked, "10.0.0.3", 80), Ports{3}) << "falls back to the lower priority";
    EXPECT_EQ(out(walked, "10.0.0.1", 82), Ports{3});
}

TEST(PipelineWalk, a_conjunction_of_three_needs_all_clauses) {
    auto walked = bridge({"table=0,priority=10,in_port=1,actions=conjunction(7,1/3)",
                          "table=0,priority=10,ip,nw_src=10.0.0.0/24,actions=conjunction(7,2/3)",
                          "table=0,priority=10,tcp,tp_dst=80,actions=conjunction(7,3/3)",
                          "table=0,priority=10,conj_id=7,actions=output:2"});
    EXPECT_EQ(out(walked, "10.0.0.1", 80), Ports{2});
    EXPECT_EQ(out(walked, "10.0.1.1", 80), Ports{});
    EXPECT_EQ(out(walked, "10.0.0.1", 81), Ports{});
    EXPECT_EQ(ports(walked.receive(frame(tuple("10.0.0.1", "10.0.0.9", 80)), 5)), Ports{});
}

TEST(PipelineWalk, one_flow_may_serve_several_conjunctions) {
    auto walked =
        bridge({"table=0,priority=10,ip,nw_src=10.0.0.1,actions=conjunction(7,1/2),conjunction(8,1/2)",
                "table=0,priority=10,ip,nw_src=10.0.0.0/24,actions=conjunction(9,1/2)",
                "table=0,priority=10,tcp,tp_dst=80,actions=conjunction(7,2/2)",
                "table=0,priority=10,tcp,tp_dst=81,actions=conjunction(8,2/2)",
                "table=0,priority=10,tcp,tp_dst=82,actions=conjunction(9,2/2)",
                "table=0,priority=10,conj_id=7,actions=output:7", "table=0,priority=10,conj_id=8,actions=output:8",
                "table=0,priority=10,conj_id=9,actions=output:9"});
    EXPECT_EQ(out(walked, "10.0.0.1", 80), Ports{7});
    EXPECT_EQ(out(walked, "10.0.0.1", 81), Ports{8});
    EXPECT_EQ(out(walked, "10.0.0.1", 82), Ports{9}) << "overlapping masks at one priority all count";
    EXPECT_EQ(out(walked, "10.0.0.2", 81), Ports{});
}

TEST(PipelineWalk, registers_carry_values_from_table_to_table) {
    auto walked =
        bridge({"table=0,ip,actions=set_field:0x5/0xf->reg9,set_field:0xabcd00000000000000000000000000ff->xxreg0,"
                "move:xxreg0[0..7]->reg10[8..15],goto_table:10",
                "table=10,priority=2,reg9=0x5,reg10=0xff00,reg0=0xabcd0000,ip,actions=set_field:3->reg8,output:"
                "reg8[]",
                "table=10,priority=1,actions=output:9"});
    EXPECT_EQ(out(walked, "10.0.0.1", 80), Ports{3});
}

TEST(PipelineWalk, packets_go_back_only_when_asked_by_name) {
    auto walked = bridge({"table=0,tcp,tp_dst=80,actions=output:1", "table=0,tcp,tp_dst=81,actions=IN_PORT",
                          "table=0,tcp,tp_dst=82,actions=set_field:1->reg8,output:reg8[]",
                          "table=0,tcp,tp_dst=83,actions=set_field:0x10002->reg8,output:reg8[]"});
    EXPECT_EQ(out(walked, "10.0.0.1", 80), Ports{});
    EXPECT_EQ(out(walked, "10.0.0.1", 81), Ports{1});
    EXPECT_EQ(out(walked, "10.0.0.1", 82), Ports{});
    EXPECT_EQ(out(walked, "10.0.0.1", 83), Ports{}) << "no port has more than 16 bits";
}

TEST(PipelineWalk, the_ttl_ends_at_one) {
    auto walked = bridge({"table=0,ip,actions=set_field:02:00:00:00:00:09->eth_dst,dec_ttl,output:2"});
    auto packet = frame(tuple("10.0.0.1", "10.0.0.9", 80));
    packet.ttl = 2;
    const auto passage = walked.receive(packet, 1);
    ASSERT_EQ(ports(passage), Ports{2});
    EXPECT_EQ(passage.emissions[0].frame.ttl, 1);
    EXPECT_EQ(passage.emissions[0].frame.destination_mac.text(), "02:00:00:00:00:09");
    packet.ttl = 1;
    EXPECT_EQ(ports(walked.receive(packet, 1)), Ports{});
}

TEST(PipelineWalk, ipv6_is_matched_and_masked) {
    auto walked = bridge({"table=0,tcp6,ipv6_src=fd00::/16,tp_dst=80,actions=output:2"});
    EXPECT_EQ(ports(walked.receive(frame(tuple("fd00::1", "fd01::1", 80)), 1)), Ports{2});
    EXPECT_EQ(ports(walked.receive(frame(tuple("fd01::1", "fd01::1", 80)), 1)), Ports{});
}

const std::vector<std::string> kTracking{
    "table=0,ip,actions=ct(table=40,zone=7)",
    "table=40,priority=30,ct_state=+trk+rpl,ct_mark=0x1/0x1,ip,actions=drop",
    "table=40,priority=20,ct_state=+trk+est+rpl,ip,actions=output:10",
    "table=40,priority=20,ct_state=+trk+rel,ip,actions=output:11",
    "table=40,priority=20,ct_state=+trk+inv,ip,actions=output:12",
    "table=40,priority=20,ct_state=+trk+est-rpl,ct_label=0x2b,ip,actions=output:13",
    "table=40,priority=15,ct_state=+trk+new,tcp,tp_dst=81,actions=output:15",
    "table=40,priority=10,ct_state=+trk+new,ip,actions=ct(commit,zone=7,exec(set_field:0x2b->ct_label)),goto_table:50",
    "table=50,priority=10,ct_state=-trk,actions=output:14",
};

TEST(PipelineWalk, a_connection_is_new_then_answered_then_established) {
    auto walked = bridge(kTracking);
    const auto request = tuple("10.0.0.1", "10.0.0.9", 80);
    EXPECT_EQ(ports(walked.receive(frame(request), 1)), Ports{14}) << "ct() leaves the packet itself untracked";
    EXPECT_EQ(walked.connections().size(), 1U);
    EXPECT_EQ(ports(walked.receive(frame(request), 1)), Ports{14}) << "new until a reply";
    EXPECT_EQ(ports(walked.receive(frame(request.reversed()), 2)), Ports{10});
    EXPECT_EQ(ports(walked.receive(frame(request), 1)), Ports{13});
    EXPECT_EQ(walked.connections().size(), 1U);
}

TEST(PipelineWalk, what_is_only_looked_up_stays_new) {
    auto walked = bridge(kTracking);
    EXPECT_EQ(out(walked, "10.0.0.1", 81), Ports{15});
    EXPECT_EQ(ports(walked.receive(frame(tuple("10.0.0.1", "10.0.0.9", 81).reversed()), 2)), Ports{14});
}

TEST(PipelineWalk, packets_that_can_begin_no_connection_are_invalid_outside_of_one) {
    auto walked = bridge(kTracking);
    auto last = frame(tuple("10.0.0.1", "10.0.0.9", 80));
    last.untracked = Untracked::Invalid;
    EXPECT_EQ(ports(walked.receive(last, 1)), Ports{12});
    EXPECT_EQ(out(walked, "10.0.0.1", 80), Ports{14});
    EXPECT_EQ(ports(walked.receive(last, 1)), Ports{14});
}

TEST(PipelineWalk, an_error_is_related_to_the_connection_that_it_is_about) {
    auto walked = bridge(kTracking);
    auto error = frame(tuple("10.0.0.9", "10.0.0.1", 3, protocol::kIcmp));
    error.error_about = tuple("10.0.0.1", "10.0.0.9", 80);
    EXPECT_EQ(ports(walked.receive(error, 2)), Ports{12});
    EXPECT_EQ(out(walked, "10.0.0.1", 80), Ports{14});
    EXPECT_EQ(ports(walked.receive(error, 2)), Ports{11});
}

TEST(PipelineWalk, a_marked_connection_keeps_its_mark_when_the_flows_change) {
    auto walked = bridge(kTracking);
    const auto request = tuple("10.0.0.1", "10.0.0.9", 80);
    EXPECT_EQ(ports(walked.receive(frame(request), 1)), Ports{14});
    ASSERT_TRUE(
        walked.reload(std::vector<std::string>{"table=0,ip,actions=ct(commit,zone=7,exec(set_field:1/1->ct_mark))"}));
    EXPECT_EQ(ports(walked.receive(frame(request), 1)), Ports{});
    ASSERT_TRUE(walked.reload(kTracking));
    EXPECT_EQ(ports(walked.receive(frame(request.reversed()), 2)), Ports{}) << "blocked";
}

TEST(PipelineWalk, the_tunnel_option_goes_in_and_comes_out) {
    auto walked =
        bridge({"table=0,in_port=1,ip,tun_src=172.30.0.2,actions=move:tun_metadata0[0..127]->xxreg0[],goto_table:10",
                "table=10,xxreg0=0x5/0xf,ip,actions=set_field:172.30.0.3->tun_dst,set_field:"
                "0xab000000000000000000000000000001->xxreg1,move:xxreg1[]->tun_metadata0[0..127],output:4"});
    const auto packet = frame(tuple("10.0.0.1", "10.0.0.9", 80));
    Encapsulation tunnel{
        .source = *IpAddress::parse("172.30.0.2"), .destination = *IpAddress::parse("172.30.0.1"), .identity = 0x35};
    const auto passage = walked.receive(packet, 1, tunnel);
    ASSERT_EQ(ports(passage), Ports{4});
    ASSERT_TRUE(passage.emissions[0].tunnel);
    EXPECT_EQ(passage.emissions[0].tunnel->destination.text(), "172.30.0.3");
    EXPECT_TRUE(passage.emissions[0].tunnel->identity == ((U128{0xab} << 120) | 1));
    tunnel.identity = 0x36;
    EXPECT_EQ(ports(walked.receive(packet, 1, tunnel)), Ports{});
    tunnel = {
        .source = *IpAddress::parse("172.30.0.9"), .destination = *IpAddress::parse("172.30.0.1"), .identity = 0x35};
    EXPECT_EQ(ports(walked.receive(packet, 1, tunnel)), Ports{}) << "from another tunnel source";
}

TEST(PipelineWalk, replacing_a_flow_by_accident_is_an_error) {
    EXPECT_THAT(refusal({"table=0,priority=1,ip,nw_src=10.0.0.1,actions=output:1",
                         "table=0,priority=1,ip,nw_src=10.0.0.1/32,actions=output:2"}),
                HasSubstr("already has a flow"));
}

TEST(PipelineWalk, refuses_what_a_switch_refuses) {
    EXPECT_THAT(refusal({"table=0,priority=1,actions=conjunction(1,1/2),output:1"}), HasSubstr("conjunction"));
    EXPECT_THAT(refusal({"table=10,priority=1,actions=goto_table:5"}), HasSubstr("BAD_TABLE_ID"));
    EXPECT_THAT(refusal({"table=0,priority=1,ip,actions=set_field:1->tcp_dst,output:1"}), HasSubstr("tcp_dst"));
    EXPECT_THAT(refusal({"table=0,nonsense=1,actions=drop"}), HasSubstr("nonsense"));
    EXPECT_EQ(refusal({"# a comment", "", "table=0,ip,actions=drop # another"}), "accepted");
}

} // namespace
} // namespace judge
