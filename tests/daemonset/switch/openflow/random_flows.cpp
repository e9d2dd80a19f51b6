#include "tests/daemonset/switch/openflow/random_flows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>

namespace agent {

using flowgen::Actions;
using flowgen::Field;
using flowgen::Match;
using flowgen::U128;

namespace {

constexpr unsigned kLargestOfGoogleTest = 99999;

std::uint64_t below(Random& random, std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random);
}

bool chance(Random& random, int percent) { return below(random, 100) < static_cast<std::uint64_t>(percent); }

template <typename T, std::size_t N> T one_of(Random& random, const std::array<T, N>& choices) {
    return choices.at(below(random, N));
}

/// The prerequisites of these fields, and which of them may be written.
struct Kind {
    Match prerequisites;
    std::vector<Field> matched;
    std::vector<Field> writable;
    bool ip = false;
};

const std::vector<Field> kMetadata{Field::ct_mark,      Field::ct_label,      Field::xxreg0,  Field::xxreg1,
                                   Field::reg8,         Field::reg9,          Field::reg10,   Field::reg11,
                                   Field::reg12,        Field::reg13,         Field::reg14,   Field::reg15,
                                   Field::tun_id,       Field::tun_src,       Field::tun_dst, Field::tun_ipv6_src,
                                   Field::tun_ipv6_dst, Field::tun_metadata0, Field::eth_src, Field::eth_dst};

void add_l4(Kind& kind, Random& random, bool ipv6) {
    const auto protocol = [&](int number, std::vector<Field> fields, bool writable) {
        kind.prerequisites.set(Field::ip_proto, static_cast<unsigned>(number));
        kind.matched.insert(kind.matched.end(), fields.begin(), fields.end());
        if (writable) kind.writable.insert(kind.writable.end(), fields.begin(), fields.end());
    };
    switch (below(random, 6)) {
    case 0:
        protocol(6, {Field::tcp_src, Field::tcp_dst}, true);
        return protocol(6, {Field::tcp_flags}, false);
    case 1:
        return protocol(17, {Field::udp_src, Field::udp_dst}, true);
    case 2:
        return protocol(132, {Field::sctp_src, Field::sctp_dst}, true);
    case 3:
        if (!ipv6) return protocol(1, {Field::icmp_type, Field::icmp_code}, true);
        return protocol(58, {Field::icmpv6_type, Field::icmpv6_code}, true);
    case 4:
        if (!ipv6) return protocol(47, {}, false);
        kind.prerequisites.set(Field::ip_proto, 58).set(Field::icmpv6_type, 135).set(Field::icmpv6_code, 0);
        kind.matched.insert(kind.matched.end(),
                            {Field::nd_target, Field::nd_sll, Field::nd_reserved, Field::nd_options_type});
        kind.writable.insert(kind.writable.end(), {Field::nd_target, Field::nd_sll, Field::nd_reserved,
                                                   Field::nd_options_type, Field::icmpv6_type});
        return;
    default:
        return;
    }
}

Kind random_kind(Random& random) {
    Kind kind;
    switch (below(random, 4)) {
    case 0:
        kind.prerequisites.set(Field::eth_type, 0x0800);
        kind.matched = {Field::ipv4_src, Field::ipv4_dst, Field::ip_ttl, Field::ip_frag};
        kind.writable = {Field::ipv4_src, Field::ipv4_dst, Field::ip_ttl};
        kind.ip = true;
        add_l4(kind, random, false);
        break;
    case 1:
        kind.prerequisites.set(Field::eth_type, 0x86dd);
        kind.matched = {Field::ipv6_src, Field::ipv6_dst, Field::ip_ttl, Field::ip_frag};
        kind.writable = {Field::ipv6_src, Field::ipv6_dst, Field::ip_ttl};
        kind.ip = true;
        add_l4(kind, random, true);
        break;
    case 2:
        kind.prerequisites.set(Field::eth_type, 0x0806);
        kind.matched = {Field::arp_op, Field::arp_spa, Field::arp_tpa, Field::arp_sha, Field::arp_tha};
        kind.writable = kind.matched;
        break;
    default:
        if (chance(random, 50)) kind.prerequisites.set(Field::eth_type, 0x88cc);
    }
    kind.matched.insert(kind.matched.end(), kMetadata.begin(), kMetadata.end());
    kind.matched.insert(kind.matched.end(), {Field::conj_id, Field::ct_state, Field::in_port});
    kind.writable.insert(kind.writable.end(), kMetadata.begin() + 2, kMetadata.end()); // not ct_mark and ct_label
    kind.writable.push_back(Field::in_port);
    return kind;
}

constexpr std::array kWholeOnly{Field::conj_id,     Field::in_port,        Field::ip_ttl,      Field::arp_op,
                                Field::icmp_type,   Field::icmp_code,      Field::icmpv6_type, Field::icmpv6_code,
                                Field::nd_reserved, Field::nd_options_type};

bool whole_only(Field field) { return std::ranges::find(kWholeOnly, field) != kWholeOnly.end(); }

/// A value that the field may have.
U128 random_value(Random& random, Field field) {
    switch (field) {
    case Field::in_port:
        return chance(random, 20) ? U128{flowgen::kLocalPort} : U128{1 + below(random, 65279)};
    case Field::arp_op:
        return 1 + below(random, 2);
    case Field::ct_state:
        return below(random, 64) &
               ~U128{flowgen::ct_state::kInvalid}; // the switch refuses ct(commit) for invalid packets
    default:
        return random_bits(random, flowgen::width(field));
    }
}

U128 random_mask(Random& random, Field field) {
    const auto all = flowgen::full_mask(field);
    if (whole_only(field) || chance(random, 40)) return all;
    const int width = flowgen::width(field);
    const auto bits = field == Field::ct_state ? U128{63} : all;
    switch (below(random, 3)) {
    case 0: // a prefix
        return all << below(random, static_cast<unsigned>(width)) & bits;
    case 1: // the low bits
        return all >> below(random, static_cast<unsigned>(width)) & bits;
    default:
        return random_bits(random, width) & bits;
    }
}

void match_randomly(Random& random, Match& match, Field field) {
    if (match.find(field) != nullptr) return;
    if (field == Field::ip_frag) {
        // A later fragment has no transport header to match on.
        const bool transport = match.find(Field::ip_proto) != nullptr;
        match.set(field, transport ? U128{chance(random, 50)} : one_of(random, std::array<U128, 3>{0, 1, 3}));
        return;
    }
    match.set(field, random_value(random, field), random_mask(random, field));
}

flowgen::SetField random_set(Random& random, Field field) {
    auto mask = random_mask(random, field);
    if (mask == 0) mask = flowgen::full_mask(field);
    return {field, random_value(random, field) & mask, mask};
}

flowgen::Move random_move(Random& random, Field source, Field destination) {
    const int widest = std::min(flowgen::width(source), flowgen::width(destination));
    const int bits = 1 + static_cast<int>(below(random, static_cast<unsigned>(widest)));
    const auto offset = [&](Field field) {
        return static_cast<int>(below(random, static_cast<unsigned>(flowgen::width(field) - bits + 1)));
    };
    return {source, offset(source), destination, offset(destination), bits};
}

flowgen::Ct random_ct(Random& random) {
    flowgen::Ct ct{.commit = chance(random, 50), .zone = static_cast<std::uint16_t>(below(random, 65536))};
    if (chance(random, 30)) ct.zone = one_of(random, std::array{Field::reg9, Field::reg12});
    ct.force = ct.commit && chance(random, 30);
    if (chance(random, 50)) ct.table = static_cast<std::uint8_t>(below(random, 200));
    if (!ct.commit) return ct;
    if (chance(random, 60)) ct.exec.emplace_back(random_set(random, Field::ct_mark));
    if (chance(random, 30)) ct.exec.emplace_back(random_set(random, Field::ct_label));
    if (chance(random, 30)) ct.exec.emplace_back(random_move(random, Field::reg10, Field::ct_label));
    return ct;
}

Actions random_conjunctions(Random& random) {
    Actions actions;
    for (auto left = 1 + below(random, 20); left > 0; --left) {
        const auto clauses = static_cast<std::uint8_t>(2 + below(random, 3));
        actions.emplace_back(flowgen::Conjunction{static_cast<std::uint32_t>(random()),
                                                  static_cast<std::uint8_t>(1 + below(random, clauses)), clauses});
    }
    return actions;
}

Actions random_actions(Random& random, const Kind& kind, std::uint8_t table) {
    if (chance(random, 15)) return random_conjunctions(random);
    Actions actions;
    for (auto left = below(random, 6); left > 0; --left) {
        const auto field = kind.writable.at(below(random, kind.writable.size()));
        const auto source = kMetadata.at(below(random, kMetadata.size()));
        switch (below(random, 6)) {
        case 0:
        case 1:
            actions.emplace_back(random_set(random, field));
            break;
        case 2:
            if (field != Field::in_port) actions.emplace_back(random_move(random, source, field));
            break;
        case 3:
            if (kind.ip) actions.emplace_back(flowgen::DecTtl{});
            break;
        case 4:
            if (kind.ip) actions.emplace_back(random_ct(random));
            break;
        default:
            actions.emplace_back(flowgen::Output{
                one_of(random, std::array<std::uint32_t, 4>{flowgen::kInPort, flowgen::kLocalPort, 1, 65279})});
        }
    }
    if (chance(random, 20)) actions.emplace_back(flowgen::OutputRegister{Field::reg8});
    if (chance(random, 50))
        actions.emplace_back(flowgen::GotoTable{static_cast<std::uint8_t>(table + 1 + below(random, 50))});
    return actions;
}

} // namespace

std::uint64_t seed_of_run() {
    const auto given = static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed());
    const unsigned seed = given != 0 ? given : 1 + std::random_device{}() % kLargestOfGoogleTest;
    std::cout << "--gtest_random_seed=" << seed << " repeats this run\n";
    return seed;
}

U128 random_bits(Random& random, int bits) {
    const auto number = U128{random()} << 64 | random();
    return bits == 128 ? number : number & ((U128{1} << bits) - 1);
}

std::pair<flowgen::FlowKey, flowgen::FlowBody> random_flow(Random& random) {
    const auto kind = random_kind(random);
    flowgen::FlowKey key{static_cast<std::uint8_t>(below(random, 200)), static_cast<std::uint16_t>(random()),
                         kind.prerequisites};
    for (auto left = below(random, 8); left > 0; --left)
        match_randomly(random, key.match, kind.matched.at(below(random, kind.matched.size())));
    return {key, {random() >> 1, random_actions(random, kind, key.table)}};
}

flowgen::FlowSet random_flows(Random& random, std::size_t count) {
    flowgen::FlowSet flows;
    while (flows.size() < count) flows.insert(random_flow(random));
    return flows;
}

} // namespace agent
