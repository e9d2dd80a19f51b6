#include "daemonset/attachments/attachment_record.h"

#include <charconv>
#include <string_view>
#include <utility>

namespace agent {
namespace {

using outcome::fail;
using outcome::Result;

constexpr auto kVersionKey = "ovs-cni/version";
constexpr auto kVersion = "1";
constexpr auto kContainerId = "ovs-cni/container-id";
constexpr auto kInterface = "ovs-cni/interface";
constexpr auto kPodNamespace = "ovs-cni/pod-namespace";
constexpr auto kPodName = "ovs-cni/pod-name";
constexpr auto kPodUid = "ovs-cni/pod-uid";
constexpr auto kMac = "ovs-cni/mac";
constexpr auto kAddresses = "ovs-cni/addresses";
constexpr auto kCtZone = "ovs-cni/ct-zone";
constexpr auto kNetwork = "ovs-cni/network";
constexpr auto kSandbox = "ovs-cni/sandbox";

std::string value_of(const TextMap& ids, const char* key) {
    const auto found = ids.find(key);
    return found == ids.end() ? std::string() : found->second;
}

Result<std::vector<ipam::IpAddress>> read_addresses(std::string_view list) {
    std::vector<ipam::IpAddress> addresses;
    while (!list.empty()) {
        const auto comma = list.find(',');
        ASSIGN_OR_RETURN(auto address, ipam::IpAddress::parse(list.substr(0, comma)));
        addresses.push_back(address);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
    return addresses;
}

Result<std::optional<std::uint16_t>> read_zone(const TextMap& ids) {
    const auto text = value_of(ids, kCtZone);
    if (text.empty()) return std::optional<std::uint16_t>();
    std::uint16_t zone = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), zone);
    if (error != std::errc() || end != text.data() + text.size() || zone == 0)
        return fail("'" + text + "' is no zone of connection tracking: 1 to 65535");
    return std::optional(zone);
}

} // namespace

TextMap external_ids(const AttachmentRecord& record) {
    TextMap ids{
        {kVersionKey, kVersion},   {kContainerId, record.key.container_id},    {kInterface, record.key.interface},
        {kMac, record.mac.text()}, {kAddresses, ipam::text(record.addresses)}, {kNetwork, record.network},
        {kSandbox, record.sandbox}};
    if (record.pod) {
        ids[kPodNamespace] = record.pod->namespace_;
        ids[kPodName] = record.pod->name;
        ids[kPodUid] = record.pod->uid;
    }
    if (record.ct_zone) ids[kCtZone] = std::to_string(*record.ct_zone);
    return ids;
}

Result<std::optional<AttachmentRecord>> read_record(const InterfaceRow& row) {
    const auto& ids = row.external_ids;
    if (!ids.contains(kVersionKey)) return std::optional<AttachmentRecord>();
    const std::string where = "the record of interface " + row.name + " in the switch's database: ";
    if (value_of(ids, kVersionKey) != kVersion)
        return fail(where + "version " + value_of(ids, kVersionKey) + " is unknown; a newer agent wrote it");
    auto mac = ipam::MacAddress::parse(value_of(ids, kMac));
    if (!mac) return fail(where + kMac + ": " + mac.error().message);
    auto addresses = read_addresses(value_of(ids, kAddresses));
    if (!addresses) return fail(where + kAddresses + ": " + addresses.error().message);
    const auto zone = read_zone(ids);
    if (!zone) return fail(where + kCtZone + ": " + zone.error().message);
    AttachmentRecord record{.key = {value_of(ids, kContainerId), value_of(ids, kInterface)},
                            .host_interface = row.name,
                            .mac = *mac,
                            .addresses = std::move(*addresses),
                            .sandbox = value_of(ids, kSandbox),
                            .network = value_of(ids, kNetwork),
                            .pod = std::nullopt,
                            .ct_zone = *zone,
                            .ofport = row.ofport && *row.ofport > 0 ? static_cast<std::uint32_t>(*row.ofport) : 0};
    if (ids.contains(kPodName))
        record.pod =
            ovs_cni::PodReference{value_of(ids, kPodNamespace), value_of(ids, kPodName), value_of(ids, kPodUid)};
    return std::optional(std::move(record));
}

flowgen::Attachment attachment(const AttachmentRecord& record) {
    flowgen::Attachment result{.container_id = record.key.container_id,
                               .interface = record.key.interface,
                               .pod = std::nullopt,
                               .pod_uid = record.pod ? record.pod->uid : std::string(),
                               .ofport = record.ofport,
                               .mac = record.mac,
                               .addresses = record.addresses,
                               .ct_zone = record.ct_zone};
    if (record.pod) result.pod = flowgen::ObjectName{record.pod->namespace_, record.pod->name};
    return result;
}

} // namespace agent
