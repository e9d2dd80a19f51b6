#include "tools/benchmarks/policy_like_flows.h"

#include "flowgen/flow/pipeline.h"

#include <random>

namespace benchmarks {
namespace {

using flowgen::Conjunction;
using flowgen::Field;
using flowgen::FlowBody;
using flowgen::FlowKey;
using flowgen::Match;
using flowgen::Table;

std::pair<FlowKey, FlowBody> nth_flow(std::size_t n, std::mt19937_64& random) {
    const auto identity = flowgen::U128{random()} << 64 | random();
    const auto all_but_flags = (flowgen::U128{1} << 120) - 1;
    const auto id = static_cast<std::uint32_t>(random());
    const auto cookie = random() >> 1;
    const auto policy = [&](Match match, std::uint8_t clause) {
        return std::pair{FlowKey{number(Table::Ingress), flowgen::kPriorityConjunctive, std::move(match)},
                         FlowBody{cookie, {Conjunction{id, clause, 3}, Conjunction{id + 1, clause, 3}}}};
    };
    switch (n % 4) {
    case 0:
        return policy(Match{}.set(flowgen::kSourceIdentity, identity, all_but_flags), 1);
    case 1:
        return policy(Match{}.set(Field::eth_type, 0x0800).set(Field::ipv4_src, random() & 0xffffff00, 0xffffff00), 1);
    case 2:
        return policy(Match{}
                          .set(Field::eth_type, 0x0800)
                          .set(Field::ip_proto, 6)
                          .set(flowgen::kDestinationIdentity, identity, all_but_flags)
                          .set(Field::tcp_dst, random() & 0xffff),
                      3);
    default:
        return {{number(Table::Routing), 100, Match{}.set(Field::eth_type, 0x86dd).set(Field::ipv6_dst, identity)},
                {cookie,
                 {flowgen::SetField{flowgen::kOutputPort, n % 250, 0xffffffff},
                  flowgen::SetField{flowgen::kDestinationIdentity, identity, flowgen::full_mask(Field::xxreg1)},
                  flowgen::SetField{Field::eth_dst, random() & 0xfeffffffffff, flowgen::full_mask(Field::eth_dst)},
                  flowgen::GotoTable{number(Table::Ingress)}}}};
    }
}

} // namespace

flowgen::FlowSet policy_like_flows(std::size_t count) {
    std::mt19937_64 random(count);
    flowgen::FlowSet flows;
    for (std::size_t n = 0; flows.size() < count; ++n) flows.insert(nth_flow(n, random));
    return flows;
}

} // namespace benchmarks
