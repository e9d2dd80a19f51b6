#include "tests/judge/pipeline_walk.h"

#include "tests/judge/ovs_tables.h"
#include "tests/judge/packet_headers.h"

#include "openvswitch/meta-flow.h"

#include <cstdlib>

namespace judge {

namespace {

constexpr int kStepLimit =
    64; ///< flows that one packet may match; OVS allows 4096 resubmits, our pipeline has 16 tables

/// One packet on its way through the tables.
class Walk {
  public:
    Walk(const OvsTables& tables, Connections& connections, const Frame& frame, Passage& passage)
        : tables_(tables), connections_(connections), frame_(frame), passage_(passage) {}

    void enter(flow& headers, std::uint8_t table);

  private:
    enum class Next : std::uint8_t { Continue, Stop };

    Next execute(flow& headers, const ofpact& action);
    void set_field(flow& headers, const ofpact_set_field& action);
    void track(flow& headers, const ofpact_conntrack& action);
    void write_connection(const flow& headers, const ofpact_conntrack& action, Connection& connection);
    void output(const flow& headers, std::uint64_t port);
    /// Adds to the trace why the packet stopped, in its current table.
    void remark(std::string reason) {
        passage_.trace.push_back({.table = passage_.trace.back().table, .flow = std::move(reason)});
    }
    void refuse(const std::string& reason) {
        if (passage_.error.empty()) passage_.error = reason;
    }

    const OvsTables& tables_;
    Connections& connections_;
    const Frame& frame_;
    Passage& passage_;
};

U128 to_u128(const ovs_u128& value) { return U128{value.u64.hi} << 64 | value.u64.lo; }

ovs_u128 from_u128(U128 value) {
    ovs_u128 result;
    result.u64.hi = static_cast<std::uint64_t>(value >> 64);
    result.u64.lo = static_cast<std::uint64_t>(value);
    return result;
}

void write_tracking(flow& headers, std::uint8_t state, std::uint16_t zone, const Connection* connection) {
    headers.ct_state = state;
    headers.ct_zone = zone;
    headers.ct_mark = connection ? connection->mark : 0;
    headers.ct_label = from_u128(connection ? connection->label : 0);
}

void Walk::enter(flow& headers, std::uint8_t table) {
    if (passage_.trace.size() >= kStepLimit) return refuse("the flows send the packet round and round");
    OvsRule rule{};
    if (!ovs_tables_lookup(&tables_, table, &headers, &rule)) {
        passage_.trace.push_back({.table = table, .flow = "no flow of the table matches"});
        return;
    }
    passage_.trace.push_back({.table = table, .flow = rule.line});
    const ofpact* action = nullptr;
    OFPACT_FOR_EACH(action, rule.actions, rule.actions_length) {
        if (execute(headers, *action) == Next::Stop) return;
    }
}

Walk::Next Walk::execute(flow& headers, const ofpact& action) {
    switch (action.type) {
    case OFPACT_SET_FIELD:
        set_field(headers, *ofpact_get_SET_FIELD(&action));
        break;
    case OFPACT_SET_ETH_SRC:
        headers.dl_src = ofpact_get_SET_ETH_SRC(&action)->mac;
        break;
    case OFPACT_SET_ETH_DST:
        headers.dl_dst = ofpact_get_SET_ETH_DST(&action)->mac;
        break;
    case OFPACT_REG_MOVE: {
        const auto* move = ofpact_get_REG_MOVE(&action);
        mf_subfield_copy(&move->src, &move->dst, &headers, nullptr);
        break;
    }
    case OFPACT_DEC_TTL:
        if (headers.nw_ttl <= 1) {
            remark("its TTL ends here");
            return Next::Stop;
        }
        headers.nw_ttl--;
        break;
    case OFPACT_CT:
        track(headers, *ofpact_get_CT(&action));
        break;
    case OFPACT_OUTPUT:
        output(headers, static_cast<std::uint16_t>(ofpact_get_OUTPUT(&action)->port));
        break;
    case OFPACT_OUTPUT_REG:
        output(headers, mf_get_subfield(&ofpact_get_OUTPUT_REG(&action)->src, &headers));
        break;
    case OFPACT_GOTO_TABLE:
        enter(headers, ofpact_get_GOTO_TABLE(&action)->table_id);
        break;
    case OFPACT_NOTE:
        break;
    default:
        refuse(std::string("the walk does not know the action ") + ofpact_name(action.type));
        return Next::Stop;
    }
    return Next::Continue;
}

void Walk::set_field(flow& headers, const ofpact_set_field& action) {
    if (!mf_are_prereqs_ok(action.field, &headers, nullptr)) return; // like a switch: the packet lacks the field
    mf_set_flow_value_masked(action.field, action.value, ofpact_set_field_mask(&action), &headers);
}

void Walk::track(flow& headers, const ofpact_conntrack& action) {
    const auto zone = action.zone_src.field ? static_cast<std::uint16_t>(mf_get_subfield(&action.zone_src, &headers))
                                            : action.zone_imm;
    const Frame now = frame_of(headers, frame_);
    if (action.flags & NX_CT_F_COMMIT) {
        if (auto* connection = connections_.commit(zone, now, (action.flags & NX_CT_F_FORCE) != 0))
            write_connection(headers, action, *connection);
    }
    if (action.recirc_table != NX_CT_RECIRC_NONE) {
        const auto tracked = connections_.look_up(zone, now);
        flow recirculated = headers;
        write_tracking(recirculated, tracked.state, zone, tracked.connection);
        enter(recirculated, action.recirc_table);
    }
    write_tracking(headers, 0, 0, nullptr); // only the recirculated packet has the result of ct()
}

void Walk::write_connection(const flow& headers, const ofpact_conntrack& action, Connection& connection) {
    flow scratch = headers;
    write_tracking(scratch, headers.ct_state, headers.ct_zone, &connection);
    const ofpact* nested = nullptr;
    OFPACT_FOR_EACH(nested, action.actions, ofpact_ct_get_action_len(&action)) {
        if (nested->type != OFPACT_SET_FIELD && nested->type != OFPACT_REG_MOVE) {
            return refuse(std::string("the walk does not know ct(") + ofpact_name(nested->type) + ")");
        }
        if (execute(scratch, *nested) == Next::Stop) return;
    }
    connection.mark = scratch.ct_mark;
    connection.label = to_u128(scratch.ct_label);
}

void Walk::output(const flow& headers, std::uint64_t port) {
    constexpr std::uint16_t in_port = 0xfff8; // OFPP_IN_PORT
    const auto arrival = static_cast<std::uint16_t>(headers.in_port.ofp_port);
    if (port > 0xffff || port == arrival) {
        // A register value wider than a port is not a port, and a packet goes back only to an
        // explicit in_port.
        return remark("output to " + std::to_string(port) + " is skipped");
    }
    const auto where = port == in_port ? arrival : static_cast<std::uint16_t>(port);
    passage_.emissions.push_back(
        {.port = where, .frame = frame_of(headers, frame_), .tunnel = encapsulation_of(headers)});
}

} // namespace

void Bridge::Release::operator()(OvsTables* tables) const { ovs_tables_free(tables); }

outcome::Result<Bridge::Tables> Bridge::build(std::span<const std::string> lines) {
    Tables tables(ovs_tables_new());
    for (const auto& line : lines) {
        const auto flow_text = line.substr(0, line.find('#'));
        if (flow_text.find_first_not_of(" \t\n") == std::string::npos) continue;
        if (char* error = ovs_tables_add(tables.get(), flow_text.c_str())) {
            std::string message = "flow \"";
            message.append(flow_text).append("\": ").append(error);
            std::free(error);
            return outcome::fail(message);
        }
    }
    return tables;
}

outcome::Result<Bridge> Bridge::load(std::span<const std::string> lines) {
    auto tables = build(lines);
    if (!tables) return std::unexpected(tables.error());
    return Bridge(std::move(*tables));
}

outcome::Result<void> Bridge::reload(std::span<const std::string> lines) {
    auto tables = build(lines);
    if (!tables) return std::unexpected(tables.error());
    tables_ = std::move(*tables);
    return {};
}

Passage Bridge::receive(const Frame& frame, std::uint16_t in_port, const std::optional<Encapsulation>& tunnel) {
    Passage passage;
    flow headers = packet_headers(*tables_, frame, in_port, tunnel);
    Walk(*tables_, connections_, frame, passage).enter(headers, 0);
    return passage;
}

} // namespace judge
