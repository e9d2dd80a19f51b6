// Decodes the switch's flow descriptions to flowgen's values.
#include "daemonset/switch/openflow/field_map.h"
#include "daemonset/switch/openflow/flow_codec.h"
#include "daemonset/switch/openflow/flow_mod.h"
#include "flowgen/flow/pipeline.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace agent {

using flowgen::Actions;
using flowgen::Field;
using flowgen::FlowBody;
using flowgen::FlowKey;
using flowgen::U128;
using outcome::fail;
using outcome::Result;

namespace {

/// The tunnel option's part of a match. libopenvswitch keeps it apart from the other fields: in an
/// area of the match whose layout is described by the match itself, without leading zeros of the
/// value. Nothing when another option is matched, or more of our option than its value.
std::optional<flowgen::FieldMatch> decode_option(const match& from) {
    const auto& entry = from.tun_md.entry[0];
    const auto length = static_cast<std::size_t>(entry.loc.len);
    if (from.wc.masks.tunnel.metadata.present.map != 1 || from.flow.tunnel.metadata.present.map != 1 ||
        length > flowgen::kOptionBytes)
        return std::nullopt;
    U128 value = 0;
    U128 mask = 0;
    for (std::size_t i = 0; i < length; ++i) {
        value = value << 8 | from.flow.tunnel.metadata.opts.u8[entry.loc.c.offset + i];
        mask = mask << 8 | from.wc.masks.tunnel.metadata.opts.u8[entry.loc.c.offset + i];
    }
    const auto all = flowgen::full_mask(Field::tun_metadata0);
    return flowgen::FieldMatch{Field::tun_metadata0, value, entry.masked ? mask : all};
}

bool all_zero(const flow& masks) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&masks);
    return std::all_of(bytes, bytes + sizeof masks, [](std::uint8_t byte) { return byte == 0; });
}

/// Nothing when flowgen's fields cannot express the match.
std::optional<flowgen::Match> decode_match(const match& from) {
    flowgen::Match result;
    match rest = from;
    if (from.wc.masks.tunnel.metadata.present.map != 0) {
        const auto option = decode_option(from);
        if (!option) return std::nullopt;
        result.set(option->field, option->value, option->mask);
        std::memset(&rest.wc.masks.tunnel.metadata, 0, sizeof rest.wc.masks.tunnel.metadata);
    }
    for (int i = 0; i < flowgen::kFieldCount; ++i) {
        const auto name = static_cast<Field>(i);
        const auto* field = mf_field_of(name);
        // Several fields share a place (tcp_dst and icmp_code, say): the prerequisites tell which one is meant.
        if (name == Field::tun_metadata0 || mf_is_all_wild(field, &from.wc) || !mf_are_match_prereqs_ok(field, &from))
            continue;
        mf_value value;
        mf_value mask;
        mf_get(field, &from, &value, &mask);
        // libopenvswitch 3.1 reads this 8-bit field into 16 bits, so that its place in memory holds
        // the wrong 8 of them.
        if (name == Field::nd_options_type) value.u8 = static_cast<std::uint8_t>(ntohs(value.be16));
        result.set(name, from_value(*field, value), from_mask(*field, name, mask));
        mf_set_wild(field, &rest, nullptr);
    }
    if (rest.flow.packet_type == 0) rest.wc.masks.packet_type = 0; // Ethernet, as all packets of our bridge
    if (!all_zero(rest.wc.masks)) return std::nullopt;
    return result;
}

std::optional<flowgen::SetField> decode_set_field(const ofpact_set_field& from) {
    const auto name = field_of(from.field->id);
    if (!name) return std::nullopt;
    const auto mask = from_mask(*from.field, *name, *ofpact_set_field_mask(&from));
    return flowgen::SetField{*name, from_value(*from.field, *from.value) & mask, mask};
}

std::optional<flowgen::Move> decode_move(const ofpact_reg_move& from) {
    const auto source = field_of(from.src.field->id);
    const auto destination = field_of(from.dst.field->id);
    if (!source || !destination) return std::nullopt;
    return flowgen::Move{*source, static_cast<int>(from.src.ofs), *destination, static_cast<int>(from.dst.ofs),
                         static_cast<int>(from.dst.n_bits)};
}

std::optional<flowgen::CtZone> decode_zone(const ofpact_conntrack& from) {
    if (from.zone_src.field == nullptr) return from.zone_imm;
    const auto field = field_of(from.zone_src.field->id);
    if (!field || from.zone_src.ofs != 0 || from.zone_src.n_bits != flowgen::kCtZoneBits) return std::nullopt;
    return *field;
}

std::optional<flowgen::Ct> decode_ct(const ofpact_conntrack& from) {
    if ((from.flags & ~(NX_CT_F_COMMIT | NX_CT_F_FORCE)) != 0 || from.alg != 0) return std::nullopt;
    const auto zone = decode_zone(from);
    if (!zone) return std::nullopt;
    flowgen::Ct result{.commit = (from.flags & NX_CT_F_COMMIT) != 0,
                       .force = (from.flags & NX_CT_F_FORCE) != 0,
                       .zone = *zone,
                       .table = std::nullopt,
                       .exec = {}};
    if (from.recirc_table != NX_CT_RECIRC_NONE) result.table = from.recirc_table;
    const auto length = ofpact_ct_get_action_len(&from);
    const ofpact* action = nullptr;
    OFPACT_FOR_EACH(action, from.actions, length) {
        if (action->type == OFPACT_SET_FIELD) {
            const auto set = decode_set_field(*ofpact_get_SET_FIELD(action));
            if (!set) return std::nullopt;
            result.exec.emplace_back(*set);
        } else if (action->type == OFPACT_REG_MOVE) {
            const auto move = decode_move(*ofpact_get_REG_MOVE(action));
            if (!move) return std::nullopt;
            result.exec.emplace_back(*move);
        } else {
            return std::nullopt;
        }
    }
    return result;
}

std::optional<flowgen::Action> decode_output_register(const ofpact_output_reg& from) {
    const auto field = field_of(from.src.field->id);
    if (!field || from.src.ofs != 0 || from.src.n_bits != from.src.field->n_bits) return std::nullopt;
    return flowgen::OutputRegister{*field};
}

std::optional<flowgen::Action> decode_action(const ofpact& from) {
    switch (from.type) {
    case OFPACT_CONJUNCTION: {
        const auto& action = *ofpact_get_CONJUNCTION(&from);
        return flowgen::Conjunction{action.id, static_cast<std::uint8_t>(action.clause + 1), action.n_clauses};
    }
    case OFPACT_SET_FIELD:
        return decode_set_field(*ofpact_get_SET_FIELD(&from));
    case OFPACT_REG_MOVE:
        return decode_move(*ofpact_get_REG_MOVE(&from));
    case OFPACT_DEC_TTL: {
        const auto& action = *ofpact_get_DEC_TTL(&from);
        if (action.n_controllers != 1 || action.cnt_ids[0] != 0) return std::nullopt;
        return flowgen::DecTtl{};
    }
    case OFPACT_CT:
        return decode_ct(*ofpact_get_CT(&from));
    case OFPACT_OUTPUT: {
        const auto& action = *ofpact_get_OUTPUT(&from);
        if (action.port == OFPP_CONTROLLER) return std::nullopt; // has a length of its own, which Output lacks
        return flowgen::Output{action.port};
    }
    case OFPACT_OUTPUT_REG:
        return decode_output_register(*ofpact_get_OUTPUT_REG(&from));
    case OFPACT_GOTO_TABLE:
        return flowgen::GotoTable{ofpact_get_GOTO_TABLE(&from)->table_id};
    default:
        return std::nullopt;
    }
}

std::optional<Actions> decode_actions(const ofputil_flow_stats& from) {
    Actions result;
    const ofpact* action = nullptr;
    OFPACT_FOR_EACH(action, from.ofpacts, from.ofpacts_len) {
        auto decoded = decode_action(*action);
        if (!decoded) return std::nullopt;
        result.push_back(std::move(*decoded));
    }
    return result;
}

bool plain(const ofputil_flow_stats& from) {
    return from.idle_timeout == 0 && from.hard_timeout == 0 && from.importance == 0 && from.flags == 0;
}

Result<ForeignFlow> foreign_flow(const ofputil_flow_stats& from) {
    ScopedDs text;
    ofputil_flow_stats_format(text.get(), &from, nullptr, nullptr, false);
    ofputil_flow_mod flow_mod{};
    flow_mod.command = OFPFC_DELETE_STRICT;
    flow_mod.table_id = from.table_id;
    flow_mod.priority = from.priority;
    ForeignFlow result{text.text(), {}};
    result.text.erase(0, result.text.find_first_not_of(' '));
    if (auto done = append_flow_mod(result.strict_delete, 0, flow_mod, from.match); !done)
        return fail("flow '" + result.text + "': " + done.error().message);
    return result;
}

Result<void> take(const ofputil_flow_stats& from, InstalledFlows& installed) {
    if (plain(from)) {
        auto matched = decode_match(from.match);
        auto actions = decode_actions(from);
        if (matched && actions) {
            FlowKey key{from.table_id, from.priority, std::move(*matched)};
            installed.flows.insert_or_assign(std::move(key), FlowBody{be64toh(from.cookie), std::move(*actions)});
            return {};
        }
    }
    ASSIGN_OR_RETURN(auto foreign, foreign_flow(from));
    installed.foreign.push_back(std::move(foreign));
    return {};
}

} // namespace

void silence_openvswitch() { vlog_set_levels(nullptr, VLF_ANY_DESTINATION, VLL_OFF); }

Result<void> decode_flow_descriptions(std::span<const std::uint8_t> message, InstalledFlows& installed) {
    ofptype type{};
    // libopenvswitch aborts the process when it reads a message of another type than expected.
    if (ofptype_decode(&type, reinterpret_cast<const ofp_header*>(message.data())) != 0 ||
        type != OFPTYPE_FLOW_STATS_REPLY)
        return fail("read the installed flows: the switch answered with another kind of message");
    auto buffer = ofpbuf_const_initializer(message.data(), static_cast<std::uint32_t>(message.size()));
    ScopedOfpbuf actions(1024);
    for (;;) {
        ofputil_flow_stats flow{};
        const int outcome = ofputil_decode_flow_stats_reply(&flow, &buffer, false, actions.get());
        if (outcome == EOF) return {};
        if (outcome != 0)
            return fail(std::string("read the installed flows: the switch describes one in a way that this program "
                                    "cannot read (") +
                        ofperr_to_string(static_cast<ofperr>(outcome)) +
                        "); find it with `ovs-ofctl dump-flows` and delete it");
        RETURN_IF_ERROR(take(flow, installed));
    }
}

} // namespace agent
