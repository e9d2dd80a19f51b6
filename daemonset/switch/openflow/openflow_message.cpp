#include "daemonset/switch/openflow/openflow_message.h"

#include "daemonset/switch/openflow/openvswitch_headers.h"
#include "flowgen/flow/pipeline.h"

#include <cstddef>
#include <cstring>

namespace agent {

using outcome::fail;
using outcome::Result;

namespace {

constexpr auto kProtocol = OFPUTIL_P_OF15_OXM;
constexpr std::uint32_t kMonitorId = 1;
constexpr std::uint16_t kBundleFlags = OFPBF_ATOMIC | OFPBF_ORDERED;

const ofp_header* header_of(Message message) { return reinterpret_cast<const ofp_header*>(message.data()); }

/// Takes ownership of a message that libopenvswitch allocated, and appends it.
void append(Bytes& out, ofpbuf* made, std::uint32_t xid) {
    const OwnedOfpbuf message(made);
    ofpmsg_update_length(message.get());
    static_cast<ofp_header*>(message->data)->xid = htonl(xid);
    const auto* bytes = static_cast<const std::uint8_t*>(message->data);
    out.insert(out.end(), bytes, bytes + message->size);
}

ofputil_tlv_map our_mapping() {
    ofputil_tlv_map map{};
    map.option_class = flowgen::kOptionClass;
    map.option_type = flowgen::kOptionType;
    map.option_len = flowgen::kOptionBytes;
    map.index = 0;
    return map;
}

std::string mapping_text(const ofputil_tlv_map& map) {
    ScopedDs text;
    ds_put_format(text.get(), "{class=%#x,type=%#x,len=%d}->tun_metadata%d", map.option_class, map.option_type,
                  map.option_len, map.index);
    return text.text();
}

std::string update_text(const ofputil_flow_update& update) {
    const char* verb = update.event == OFPFME_ADDED ? "added" : update.event == OFPFME_REMOVED ? "removed" : "changed";
    ScopedDs text;
    ds_put_format(text.get(), "%s cookie=%#llx,table=%d,", verb,
                  static_cast<unsigned long long>(be64toh(update.cookie)), update.table_id);
    match_format(&update.match, nullptr, text.get(), update.priority);
    return text.text();
}

} // namespace

// A message may begin at an odd address, so its header is read byte by byte.

std::size_t length_of(Message bytes) { return static_cast<std::size_t>(bytes[2] << 8 | bytes[3]); }

std::uint8_t version_of(Message message) { return message[0]; }

std::uint32_t xid_of(Message message) {
    std::uint32_t xid = 0;
    std::memcpy(&xid, &message[4], sizeof xid);
    return ntohl(xid);
}

void set_xid(std::span<std::uint8_t> message, std::uint32_t xid) {
    const auto wire = htonl(xid);
    std::memcpy(&message[4], &wire, sizeof wire);
}

void set_length(std::span<std::uint8_t> message, std::size_t length) {
    message[2] = static_cast<std::uint8_t>(length >> 8);
    message[3] = static_cast<std::uint8_t>(length);
}

MessageKind kind_of(Message message) {
    ofptype type{};
    if (ofptype_decode(&type, header_of(message)) != 0) return MessageKind::Other;
    switch (static_cast<int>(type)) {
    case OFPTYPE_HELLO:
        return MessageKind::Hello;
    case OFPTYPE_ECHO_REQUEST:
        return MessageKind::EchoRequest;
    case OFPTYPE_ERROR:
        return MessageKind::Error;
    case OFPTYPE_BARRIER_REPLY:
        return MessageKind::BarrierReply;
    case OFPTYPE_BUNDLE_CONTROL:
        return MessageKind::BundleReply;
    case OFPTYPE_FLOW_STATS_REPLY:
        return MessageKind::FlowReply;
    case OFPTYPE_FLOW_MONITOR_STATS_REPLY:
        return MessageKind::MonitorReply;
    case OFPTYPE_NXT_TLV_TABLE_REPLY:
        return MessageKind::OptionTableReply;
    default:
        return MessageKind::Other;
    }
}

bool more_follows(Message message) { return ofpmp_more(header_of(message)); }

bool offers_openflow15(Message hello) {
    std::uint32_t versions = 0;
    ofputil_decode_hello(header_of(hello), &versions);
    return (versions & 1U << OFP15_VERSION) != 0;
}

std::string error_text(Message error) {
    ScopedOfpbuf payload(0);
    return ofperr_to_string(ofperr_decode_msg(header_of(error), payload.get()));
}

void append_hello(Bytes& out) { append(out, ofputil_encode_hello(1U << OFP15_VERSION), 1); }

void append_echo_reply(Bytes& out, Message request) {
    append(out, ofputil_encode_echo_reply(header_of(request)), xid_of(request));
}

void append_barrier(Bytes& out, std::uint32_t xid) { append(out, ofputil_encode_barrier_request(OFP15_VERSION), xid); }

void append_bundle_control(Bytes& out, std::uint32_t xid, std::uint32_t bundle, BundleStep step) {
    const auto type = step == BundleStep::Open     ? OFPBCT_OPEN_REQUEST
                      : step == BundleStep::Commit ? OFPBCT_COMMIT_REQUEST
                                                   : OFPBCT_DISCARD_REQUEST;
    ofputil_bundle_ctrl_msg control{bundle, static_cast<std::uint16_t>(type), kBundleFlags};
    append(out, ofputil_encode_bundle_ctrl_request(OFP15_VERSION, &control), xid);
}

void append_bundle_add_header(Bytes& out, std::uint32_t xid, std::uint32_t bundle) {
    // Built in place: libopenvswitch's encoder for this message would copy every flow-mod again.
    static_assert(sizeof(ofp_header) + sizeof(ofp14_bundle_ctrl_msg) == kBundleAddBytes);
    struct {
        ofp_header header;
        ofp14_bundle_ctrl_msg bundle;
    } head{};
    head.header.version = OFP15_VERSION;
    head.header.type = 34; // OFPT_BUNDLE_ADD_MESSAGE. Source: OpenFlow 1.5.1, section 7.1.1
    head.header.xid = htonl(xid);
    head.bundle.bundle_id = htonl(bundle);
    head.bundle.flags = htons(kBundleFlags);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&head);
    out.insert(out.end(), bytes, bytes + sizeof head);
}

void append_flow_request(Bytes& out, std::uint32_t xid) {
    ofputil_flow_stats_request request{};
    match_init_catchall(&request.match);
    request.out_port = OFPP_ANY;
    request.out_group = OFPG_ANY;
    request.table_id = OFPTT_ALL;
    append(out, ofputil_encode_flow_stats_request(&request, kProtocol), xid);
}

void append_monitor_request(Bytes& out, std::uint32_t xid) {
    ofputil_flow_monitor_request request{};
    request.id = kMonitorId;
    request.command = OFPFMC_ADD;
    request.flags = static_cast<ofp14_flow_monitor_flags>(OFPFMF_ADD | OFPFMF_REMOVED | OFPFMF_MODIFY);
    request.out_port = OFPP_NONE; // the name of OFPP_ANY here
    request.out_group = OFPG_ANY;
    request.table_id = OFPTT_ALL;
    match_init_catchall(&request.match);
    auto* message = ofpbuf_new(128);
    ofputil_append_flow_monitor_request(&request, message, kProtocol);
    append(out, message, xid);
}

void append_option_table_request(Bytes& out, std::uint32_t xid) {
    append(out, ofpraw_alloc(OFPRAW_NXT_TLV_TABLE_REQUEST, OFP15_VERSION, 0), xid);
}

void append_option_mapping(Bytes& out, std::uint32_t xid) {
    auto map = our_mapping();
    ofputil_tlv_table_mod change{};
    change.command = NXTTMC_ADD;
    ovs_list_init(&change.mappings);
    ovs_list_push_back(&change.mappings, &map.list_node);
    append(out, ofputil_encode_tlv_table_mod(OFP15_VERSION, &change), xid);
}

Result<OptionTable> decode_option_table(Message reply) {
    ofputil_tlv_table_reply table{};
    if (const auto error = ofputil_decode_tlv_table_reply(header_of(reply), &table); error != 0)
        return fail(std::string("read the switch's table of tunnel options: ") + ofperr_to_string(error));
    const auto ours = our_mapping();
    OptionTable result;
    static_assert(offsetof(ofputil_tlv_map, list_node) == 0);
    for (const auto* node = table.mappings.next; node != &table.mappings; node = node->next) {
        const auto* map = reinterpret_cast<const ofputil_tlv_map*>(node);
        const bool same_option = map->option_class == ours.option_class && map->option_type == ours.option_type;
        if (same_option && map->index == ours.index && map->option_len == ours.option_len)
            result.ours = true;
        else if (same_option || map->index == ours.index)
            result.conflict = mapping_text(*map);
    }
    ofputil_uninit_tlv_table(&table.mappings);
    return result;
}

Result<MonitorReport> decode_monitor(Message reply) {
    auto buffer = ofpbuf_const_initializer(reply.data(), static_cast<std::uint32_t>(reply.size()));
    ScopedOfpbuf actions(64);
    MonitorReport report;
    for (;;) {
        ofputil_flow_update update{};
        const int outcome = ofputil_decode_flow_update(&update, &buffer, actions.get());
        if (outcome == EOF) return report;
        if (outcome != 0)
            return fail(std::string("read a flow monitor's report: ") + ofperr_to_string(static_cast<ofperr>(outcome)));
        if (update.event == OFPFME_ABBREV || update.event == OFPFME_RESUMED) continue;
        ++report.changes;
        if (report.example.empty())
            report.example =
                update.event == OFPFME_PAUSED ? "more changes than the flow monitor holds" : update_text(update);
    }
}

} // namespace agent
