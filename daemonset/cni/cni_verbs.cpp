#include "daemonset/cni/cni_verbs.h"

#include "daemonset/base/log.h"
#include "daemonset/switch/ovsdb/switch_database.h"
#include "flowgen/flow/pipeline.h"

#include <net/if.h>

#include <algorithm>
#include <set>
#include <utility>

namespace agent {
namespace {

namespace cni_code = ovs_cni::cni_code;
using ovs_cni::cni_fail;
using ovs_cni::CniResult;

/// If the switch has not confirmed flows by then, waiting longer does not help.
constexpr std::chrono::seconds kFlowPatience{10};
/// STATUS says "limited" when fewer addresses than this, or a smaller share than one in kLimitedShare, are free.
constexpr std::uint64_t kLimitedCount = 4;
constexpr std::uint64_t kLimitedShare = 50;
/// How many differing flows CHECK shows.
constexpr std::size_t kDifferencesShown = 10;

/// Why this pod cannot be attached on this node; empty when it can.
std::string obstacle(const NodeState& known, const ovs_cni::PodReference& reference) {
    if (!known.cluster) return "the cluster's objects are still being read";
    const auto found = known.cluster->pods.find({reference.namespace_, reference.name});
    if (found == known.cluster->pods.end()) return "the agent does not know it yet";
    const auto& pod = found->second;
    if (!pod.uid.empty() && !reference.uid.empty() && pod.uid != reference.uid)
        return "the agent knows it with uid " + pod.uid + ", the runtime passed " + reference.uid;
    if (pod.node.empty()) return "it is not scheduled yet";
    if (pod.node != known.configuration.node)
        return "it is scheduled to node " + pod.node + ", this node is " + known.configuration.node;
    if (pod.host_network) return "it is on the host's network and needs no attachment";
    if (pod.finished) return "it has finished";
    return {};
}

/// Whether a flow concerns this attachment: its port, its addresses, or policy, which concerns
/// every pod.
bool concerns(const flowgen::FlowKey& key, const AttachmentRecord& record) {
    using flowgen::Field;
    if (key.table >= number(flowgen::Table::EgressPrecheck) && key.table <= number(flowgen::Table::IngressBaseline))
        return true;
    if (const auto* const port = key.match.find(Field::in_port); port && port->value == record.ofport) return true;
    for (const auto& address : record.addresses)
        for (const auto field : {Field::ipv4_src, Field::ipv4_dst, Field::ipv6_src, Field::ipv6_dst, Field::arp_spa})
            if (const auto* const match = key.match.find(field); match && match->value == address.bits) return true;
    return false;
}

template <typename Answer> ovs_cni::Response response(CniResult<Answer> result) {
    if (!result) return std::move(result.error());
    return std::move(*result);
}

} // namespace

CniVerbs::CniVerbs(NodeState& node, Attachments& attachments, Reconciler& reconciler, const Readiness& readiness)
    : node_(node), attachments_(attachments), reconciler_(reconciler), readiness_(readiness) {}

Task<ovs_cni::Response> CniVerbs::answer(ovs_cni::Request request) {
    if (const auto* const wanted = std::get_if<ovs_cni::AddRequest>(&request))
        co_return response(co_await add(*wanted));
    if (const auto* const wanted = std::get_if<ovs_cni::DelRequest>(&request))
        co_return response(co_await del(*wanted));
    if (const auto* const wanted = std::get_if<ovs_cni::CheckRequest>(&request))
        co_return response(co_await check(*wanted));
    if (const auto* const wanted = std::get_if<ovs_cni::GcRequest>(&request)) co_return response(co_await gc(*wanted));
    co_return response(status());
}

Task<CniResult<ovs_cni::AddResponse>> CniVerbs::add(const ovs_cni::AddRequest& request) {
    if (const auto reason = readiness_.unready(); !reason.empty())
        co_return cni_fail(cni_code::kTryAgain, "the node is not ready: " + reason);
    const auto exists = [&] {
        return cni_fail(cni_code::kAttachmentExists, "container " + request.key.container_id + " is attached as " +
                                                         request.key.interface + " already");
    };
    if (attachments_.find(request.key) || !attachments_.begin(request.key, Attachments::Doing::Adding))
        co_return exists();
    if (request.pod) {
        auto known = co_await wait_for_pod(request.key, *request.pod);
        if (!known) {
            let_go(request.key);
            co_return std::unexpected(known.error());
        }
    }
    auto addresses = co_await allocate();
    if (addresses && !node_.database) {
        attachments_.release(*addresses);
        addresses = cni_fail(cni_code::kTryAgain, "the switch's database is not connected");
    }
    if (!addresses) {
        let_go(request.key);
        co_return std::unexpected(addresses.error());
    }
    const AttachmentRecord record{.key = request.key,
                                  .host_interface = request.host_interface,
                                  .mac = request.mac,
                                  .addresses = *addresses,
                                  .sandbox = request.sandbox,
                                  .network = request.network,
                                  .pod = request.pod,
                                  .ct_zone = attachments_.free_ct_zone(request.mac),
                                  .ofport = node_.database->next_ofport()};
    attachments_.under_way(record.key)->record = record;
    auto attached = co_await attach(record);
    if (!attached) {
        const std::vector<AttachmentRecord> added(1, record);
        auto undone = co_await detach(added);
        if (!undone)
            log_error("a failed ADD could not be undone; DEL or GC will undo it",
                      {{"attachment", text(record.key)}, {"reason", undone.error().message}});
    }
    let_go(record.key);
    if (!attached) co_return std::unexpected(attached.error());
    log_info("attached", {{"attachment", text(record.key)},
                          {"pod", text(record.pod)},
                          {"addresses", ipam::text(record.addresses)},
                          {"port", record.host_interface},
                          {"ofport", record.ofport}});
    co_return response_for(record);
}

Task<CniResult<void>> CniVerbs::wait_for_pod(const AttachmentKey& key, const ovs_cni::PodReference& pod) {
    const auto deadline = after(node_.configuration.pod_wait);
    std::string waits_for;
    while (true) {
        const auto reason = obstacle(node_, pod);
        if (reason.empty()) co_return CniResult<void>();
        if (std::exchange(waits_for, reason) != reason)
            log_debug("ADD waits for the pod", {{"attachment", text(key)}, {"pod", text(pod)}, {"reason", reason}});
        if (attachments_.under_way(key)->cancelled)
            co_return cni_fail(cni_code::kTryAgain, "DEL arrived before ADD was done");
        if (std::chrono::steady_clock::now() >= deadline)
            co_return cni_fail(cni_code::kTryAgain, "pod " + text(pod) + " cannot be attached: " + reason +
                                                        " (waited " +
                                                        std::to_string(node_.configuration.pod_wait.count()) + " s)");
        co_await node_.changed.wait_until(deadline);
    }
}

Task<CniResult<void>> CniVerbs::attach(const AttachmentRecord& record) {
    // The flows go to the switch while it adds the port: the ofport is chosen here, so they need
    // not wait for each other. With hundreds of ports every step makes ovs-vswitchd look at all of
    // them, and running the steps one after the other takes longer.
    const auto generation = reconciler_.request("ADD of " + text(record.key));
    const auto database = node_.database;
    if (!database) co_return cni_fail(cni_code::kTryAgain, "the switch's database is not connected");
    PortRequest port{.name = record.host_interface,
                     .type = "",
                     .ofport = record.ofport,
                     .options = {},
                     .external_ids = external_ids(record)};
    const auto ofport = co_await database->add_port(node_.configuration.bridge, std::move(port));
    if (!ofport) co_return cni_fail(cni_code::kSwitchRefused, ofport.error().message);
    if (*ofport != record.ofport)
        co_return cni_fail(cni_code::kSwitchRefused, "the switch gave port " + record.host_interface + " the ofport " +
                                                         std::to_string(*ofport) + " instead of " +
                                                         std::to_string(record.ofport));
    auto installed = co_await reconciler_.installed(generation, after(kFlowPatience));
    if (!installed) co_return cni_fail(cni_code::kSwitchRefused, installed.error().message);
    const std::vector<std::string> names(1, record.host_interface);
    const auto problems = attachments_.refresh(database->view(), names);
    if (!problems.empty()) co_return cni_fail(cni_code::kSwitchRefused, problems.front());
    if (attachments_.under_way(record.key)->cancelled)
        co_return cni_fail(cni_code::kTryAgain, "DEL arrived before ADD was done");
    co_return CniResult<void>();
}

Task<CniResult<void>> CniVerbs::detach(const std::vector<AttachmentRecord>& records) {
    const auto database = node_.database;
    if (!database) co_return cni_fail(cni_code::kTryAgain, "the switch's database is not connected");
    std::vector<std::string> ports;
    std::vector<ipam::IpAddress> addresses;
    for (const auto& record : records) {
        ports.push_back(record.host_interface);
        addresses.insert(addresses.end(), record.addresses.begin(), record.addresses.end());
        auto& in_hand = *attachments_.under_way(record.key);
        in_hand.doing = Attachments::Doing::Removing;
        in_hand.record = record;
    }
    // DEL does not wait for the removal of the flows: the plugin removes the link itself, and the
    // addresses are not reused until the switch has confirmed the removal. So DEL takes no longer
    // where the switch is busy or down.
    const auto generation = reconciler_.request("DEL or GC of " + std::to_string(records.size()) + " attachments");
    auto removed = co_await database->remove_ports(node_.configuration.bridge, ports, RemovalWait::Database);
    if (!removed) co_return cni_fail(cni_code::kTryAgain, removed.error().message);
    for (const auto& problem : attachments_.refresh(database->view(), ports))
        log_warning("attachment not served", {{"reason", problem}});
    attachments_.release_after(generation, std::move(addresses));
    attachments_.confirmed(reconciler_.installed_generation());
    co_return CniResult<void>();
}

Task<CniResult<std::vector<ipam::IpAddress>>> CniVerbs::allocate() {
    auto addresses = attachments_.allocate();
    if (!addresses && attachments_.some_leave()) {
        const auto gone = co_await reconciler_.installed(reconciler_.desired_generation(), after(kFlowPatience));
        if (!gone)
            co_return cni_fail(cni_code::kTryAgain,
                               "the flows of removed pods are still installed: " + gone.error().message);
        addresses = attachments_.allocate();
    }
    if (!addresses) co_return cni_fail(cni_code::kNoAddress, addresses.error().message);
    co_return std::move(*addresses);
}

Task<CniResult<void>> CniVerbs::take_in_hand(const AttachmentKey& key) {
    const auto deadline = after(kFlowPatience);
    while (!attachments_.begin(key, Attachments::Doing::Removing)) {
        attachments_.under_way(key)->cancelled = true;
        node_.changed.notify_all();
        if (std::chrono::steady_clock::now() >= deadline)
            co_return cni_fail(cni_code::kTryAgain, "another request for " + text(key) + " is still in progress");
        co_await node_.changed.wait_until(deadline);
    }
    co_return CniResult<void>();
}

void CniVerbs::let_go(const AttachmentKey& key) {
    attachments_.end(key);
    if (attachments_.compile_is_stale())
        reconciler_.request("failed removal"); // an attachment that could not be removed is served again
    node_.changed.notify_all();
}

Task<CniResult<ovs_cni::DelResponse>> CniVerbs::del(const ovs_cni::DelRequest& request) {
    CO_RETURN_IF_ERROR(co_await take_in_hand(request.key));
    const auto record = attachments_.find(request.key);
    CniResult<void> detached;
    if (!attachments_.loaded())
        detached = cni_fail(cni_code::kTryAgain, "the switch's database has not been read yet");
    else if (record)
        detached = co_await detach(std::vector<AttachmentRecord>(1, *record));
    let_go(request.key);
    if (!detached) co_return std::unexpected(detached.error());
    if (!record) co_return ovs_cni::DelResponse{};
    log_info(
        "detached",
        {{"attachment", text(record->key)}, {"pod", text(record->pod)}, {"addresses", ipam::text(record->addresses)}});
    co_return ovs_cni::DelResponse{record->host_interface};
}

Task<CniResult<ovs_cni::CheckResponse>> CniVerbs::check(const ovs_cni::CheckRequest& request) {
    const auto record = attachments_.find(request.key);
    if (!attachments_.loaded() || !node_.database)
        co_return cni_fail(cni_code::kTryAgain, "the switch's database is not connected");
    if (!record || attachments_.under_way(request.key))
        co_return cni_fail(cni_code::kUnknownContainer,
                           "container " + request.key.container_id + " is not attached as " + request.key.interface);
    ovs_cni::CheckResponse response{record->host_interface, record->mac, record->addresses, record->sandbox, {}};
    const auto* const row = node_.database->view().interface(record->host_interface);
    if (record->ofport == 0)
        response.differences.push_back("the switch does not use port " + record->host_interface + ": " +
                                       (row && !row->error.empty() ? row->error : "it has no ofport"));
    if (if_nametoindex(record->host_interface.c_str()) == 0)
        response.differences.push_back("the host has no interface " + record->host_interface);
    auto flows =
        co_await reconciler_.compare([&record](const flowgen::FlowKey& key) { return concerns(key, *record); });
    if (!flows) co_return cni_fail(cni_code::kTryAgain, flows.error().message);
    if (flows->size() > kDifferencesShown) {
        const auto more = flows->size() - kDifferencesShown;
        flows->resize(kDifferencesShown);
        flows->push_back("and " + std::to_string(more) + " more flows");
    }
    response.differences.insert(response.differences.end(), flows->begin(), flows->end());
    co_return response;
}

Task<CniResult<ovs_cni::GcResponse>> CniVerbs::gc(const ovs_cni::GcRequest& request) {
    if (!attachments_.loaded() || !node_.database)
        co_return cni_fail(cni_code::kTryAgain, "the switch's database is not connected");
    const std::set<AttachmentKey> valid(request.valid_attachments.begin(), request.valid_attachments.end());
    std::vector<AttachmentRecord> stale;
    for (const auto& [interface, record] :
         attachments_.records()) // one in progress is not stale, or is being removed anyway
        if (record.network == request.network && !valid.contains(record.key) &&
            attachments_.begin(record.key, Attachments::Doing::Removing))
            stale.push_back(record);
    if (stale.empty()) co_return ovs_cni::GcResponse{};
    auto detached = co_await detach(stale);
    ovs_cni::GcResponse response;
    for (const auto& record : stale) {
        let_go(record.key);
        response.removed.push_back({record.key, record.host_interface});
        if (detached)
            log_info("collected", {{"attachment", text(record.key)},
                                   {"pod", text(record.pod)},
                                   {"addresses", ipam::text(record.addresses)}});
    }
    if (!detached) co_return std::unexpected(detached.error());
    co_return response;
}

CniResult<ovs_cni::StatusResponse> CniVerbs::status() const {
    if (const auto reason = readiness_.unready(); !reason.empty()) return cni_fail(cni_code::kNotAvailable, reason);
    for (const auto& use : attachments_.address_use())
        if (use.free() < kLimitedCount || use.free() < use.capacity / kLimitedShare)
            return cni_fail(cni_code::kLimited, "only " + std::to_string(use.free()) + " of " +
                                                    std::to_string(use.capacity) + " addresses of " + use.range.text() +
                                                    " are free");
    return ovs_cni::StatusResponse{};
}

Task<> CniVerbs::abandon(ovs_cni::AddRequest request) {
    const ovs_cni::DelRequest undo{request.key, request.network};
    auto removed = co_await del(undo);
    if (!removed)
        log_error("an abandoned ADD could not be undone; DEL or GC will undo it",
                  {{"attachment", text(request.key)}, {"reason", removed.error().message}});
}

ovs_cni::AddResponse CniVerbs::response_for(const AttachmentRecord& record) const {
    ovs_cni::AddResponse response{.addresses = record.addresses,
                                  .gateways = {},
                                  .mtu = node_.host->mtu,
                                  .router_mac = flowgen::kRouterMac,
                                  .checksum_offload = node_.configuration.datapath == Datapath::System};
    for (const auto& address : record.addresses)
        response.gateways.push_back(address.family == ipam::Family::IPv4 ? flowgen::kRouterIpv4 : flowgen::kRouterIpv6);
    return response;
}

} // namespace agent
