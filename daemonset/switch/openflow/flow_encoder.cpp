// Encodes flowgen's values as flow-mods: match and actions become libopenvswitch's structs, which
// it then encodes.
#include "daemonset/switch/openflow/field_map.h"
#include "daemonset/switch/openflow/flow_codec.h"
#include "daemonset/switch/openflow/flow_mod.h"

#include <algorithm>
#include <cstdlib>

namespace agent {

using flowgen::Field;
using flowgen::FieldMatch;
using flowgen::FlowBody;
using flowgen::FlowKey;
using outcome::fail;
using outcome::Result;

namespace {

constexpr std::uint16_t kNoController = 0;

std::string field_text(Field field) { return std::string(flowgen::name(field)); }

Result<void> put_match_field(match& out, const FieldMatch& wanted) {
    const auto* field = mf_field_of(wanted.field);
    const bool whole = wanted.mask == flowgen::full_mask(wanted.field);
    if (!fits(*field, wanted.value) || (!whole && !fits(*field, wanted.mask)))
        return fail("match on " + field_text(wanted.field) + ": the value or mask is wider than the field");
    const auto value = to_value(*field, wanted.value);
    const auto mask = to_mask(*field, wanted.field, wanted.mask);
    if (!mf_is_mask_valid(field, &mask))
        return fail("match on " + field_text(wanted.field) + ": the field takes no such mask");
    char* error = nullptr;
    mf_set(field, &value, whole ? nullptr : &mask, &out, &error);
    if (error != nullptr) {
        const std::string reason = error;
        std::free(error); // NOLINT: malloc'ed by libopenvswitch
        return fail("match on " + field_text(wanted.field) + ": " + reason);
    }
    return {};
}

/// The match as libopenvswitch's struct, with prerequisites checked. The encoder would silently
/// leave out a field whose prerequisites are missing, and the flow would match more than intended.
Result<void> put_match(match& out, const flowgen::Match& wanted) {
    match_init_catchall(&out);
    for (const auto& field : wanted.fields()) RETURN_IF_ERROR(put_match_field(out, field));
    for (const auto& field : wanted.fields())
        if (!mf_are_match_prereqs_ok(mf_field_of(field.field), &out))
            return fail("match on " + field_text(field.field) +
                        ": its prerequisite is missing (eth_type, ip_proto or the like must be "
                        "matched as well)");
    return {};
}

/// Appends actions to a buffer of ofpacts, libopenvswitch's form of actions.
class ActionWriter {
  public:
    explicit ActionWriter(ofpbuf* out) : out_(out) {}

    Result<void> operator()(const flowgen::Conjunction& action) {
        if (action.clauses < 2 || action.clause < 1 || action.clause > action.clauses)
            return fail("conjunction " + std::to_string(action.id) + ": clause out of range");
        auto* put = ofpact_put_CONJUNCTION(out_);
        put->id = action.id;
        put->clause = static_cast<std::uint8_t>(action.clause - 1);
        put->n_clauses = action.clauses;
        return {};
    }

    Result<void> operator()(const flowgen::SetField& action) {
        const auto* field = mf_field_of(action.field);
        if (!fits(*field, action.value) || (action.value & ~action.mask) != 0)
            return fail("set " + field_text(action.field) + ": the value has bits outside the field or its mask");
        const auto value = to_value(*field, action.value);
        const auto mask = to_mask(*field, action.field, action.mask);
        ofpact_put_set_field(out_, field, &value, &mask);
        return {};
    }

    Result<void> operator()(const flowgen::Move& action) {
        auto* put = ofpact_put_REG_MOVE(out_);
        const auto unsigned_of = [](int number) { return static_cast<unsigned>(number); };
        put->src = {mf_field_of(action.source), unsigned_of(action.source_offset), unsigned_of(action.bits)};
        put->dst = {mf_field_of(action.destination), unsigned_of(action.destination_offset), unsigned_of(action.bits)};
        return {};
    }

    Result<void> operator()(const flowgen::DecTtl&) {
        auto* put = ofpact_put_DEC_TTL(out_);
        put->n_controllers = 1;
        ofpbuf_put(out_, &kNoController, sizeof kNoController);
        put = static_cast<ofpact_cnt_ids*>(out_->header);
        ofpact_finish_DEC_TTL(out_, &put);
        return {};
    }

    Result<void> operator()(const flowgen::Ct& action) {
        const auto start = out_->size;
        auto* put = ofpact_put_CT(out_);
        put->flags =
            static_cast<std::uint16_t>((action.commit ? NX_CT_F_COMMIT : 0) | (action.force ? NX_CT_F_FORCE : 0));
        if (const auto* zone = std::get_if<std::uint16_t>(&action.zone))
            put->zone_imm = *zone;
        else
            put->zone_src = {mf_field_of(std::get<Field>(action.zone)), 0, flowgen::kCtZoneBits};
        put->recirc_table = action.table.value_or(NX_CT_RECIRC_NONE);
        for (const auto& nested : action.exec) RETURN_IF_ERROR(std::visit(*this, nested));
        put = static_cast<ofpact_conntrack*>(ofpbuf_at_assert(out_, start, sizeof *put));
        out_->header = put;
        ofpact_finish_CT(out_, &put);
        return {};
    }

    Result<void> operator()(const flowgen::Output& action) {
        if (action.port > 0xffff) return fail("output to port " + std::to_string(action.port) + ": no such ofport");
        ofpact_put_OUTPUT(out_)->port = static_cast<ofp_port_t>(action.port);
        return {};
    }

    Result<void> operator()(const flowgen::OutputRegister& action) {
        const auto* field = mf_field_of(action.field);
        auto* put = ofpact_put_OUTPUT_REG(out_);
        put->max_len = UINT16_MAX;
        put->src = {field, 0, field->n_bits};
        return {};
    }

    Result<void> operator()(const flowgen::GotoTable& action) {
        ofpact_put_GOTO_TABLE(out_)->table_id = action.table;
        return {};
    }

  private:
    ofpbuf* out_;
};

std::string subject(const FlowKey& key) { return "encode flow '" + flowgen::text(key, FlowBody{}) + "': "; }

} // namespace

Result<void> append_flow_mod(Bytes& out, std::uint32_t xid, ofputil_flow_mod& flow_mod, const match& match_of_flow) {
    flow_mod.buffer_id = UINT32_MAX;
    flow_mod.out_port = OFPP_ANY;
    flow_mod.out_group = OFPG_ANY;
    minimatch_init(&flow_mod.match, &match_of_flow);
    const OwnedOfpbuf message(ofputil_encode_flow_mod(&flow_mod, OFPUTIL_P_OF15_OXM));
    minimatch_destroy(&flow_mod.match);
    if (message->size > kLargestFlowMod)
        return fail("its message has " + std::to_string(message->size) + " bytes, and OpenFlow's limit is " +
                    std::to_string(kLargestFlowMod) + ": it has too many actions");
    auto* header = static_cast<ofp_header*>(message->data);
    header->xid = htonl(xid);
    const auto* bytes = static_cast<const std::uint8_t*>(message->data);
    out.insert(out.end(), bytes, bytes + message->size);
    return {};
}

Result<void> append_flow_add(Bytes& out, std::uint32_t xid, const FlowKey& key, const FlowBody& body) {
    match matched;
    if (auto put = put_match(matched, key.match); !put) return fail(subject(key) + put.error().message);
    if (body.cookie == UINT64_MAX) return fail(subject(key) + "OpenFlow reserves a cookie of all ones");
    ScopedOfpbuf actions(512);
    ActionWriter writer(actions.get());
    for (const auto& action : body.actions)
        if (auto put = std::visit(writer, action); !put) return fail(subject(key) + put.error().message);

    ofputil_flow_mod flow_mod{};
    flow_mod.command = OFPFC_ADD;
    flow_mod.table_id = key.table;
    flow_mod.priority = key.priority;
    flow_mod.new_cookie = htobe64(body.cookie);
    flow_mod.ofpacts = static_cast<ofpact*>(actions.get()->data);
    flow_mod.ofpacts_len = actions.get()->size;
    if (auto done = append_flow_mod(out, xid, flow_mod, matched); !done)
        return fail(subject(key) + done.error().message);
    return {};
}

Result<void> append_flow_delete(Bytes& out, std::uint32_t xid, const FlowKey& key) {
    match matched;
    if (auto put = put_match(matched, key.match); !put) return fail(subject(key) + put.error().message);
    ofputil_flow_mod flow_mod{};
    flow_mod.command = OFPFC_DELETE_STRICT;
    flow_mod.table_id = key.table;
    flow_mod.priority = key.priority;
    if (auto done = append_flow_mod(out, xid, flow_mod, matched); !done)
        return fail(subject(key) + done.error().message);
    return {};
}

} // namespace agent
