#include "daemonset/attachments/attachments.h"

#include "flowgen/flow/pipeline.h"

#include <algorithm>
#include <set>

namespace agent {

using outcome::Result;

std::vector<std::string> Attachments::load(const DatabaseView& view) {
    records_.clear();
    std::vector<std::string> problems;
    for (const auto& [id, row] : view.interfaces) {
        auto record = read_record(row);
        if (!record)
            problems.push_back(record.error().message);
        else if (*record)
            records_[row.name] = std::move(**record);
    }
    loaded_ = true;
    if (auto rebuilt = rebuild_allocator(); !rebuilt) problems.push_back(rebuilt.error().message);
    return problems;
}

std::vector<std::string> Attachments::refresh(const DatabaseView& view, std::span<const std::string> interfaces) {
    std::vector<std::string> problems;
    bool unexpected = false;
    for (const auto& interface : interfaces) {
        const auto* const row = view.interface(interface);
        auto record = row ? read_record(*row) : Result<std::optional<AttachmentRecord>>(std::nullopt);
        if (!record) problems.push_back(record.error().message);
        if (!record || !*record) {
            if (lost_unasked(interface))
                problems.push_back("another component removed the port or the record of " + interface);
            forget(interface);
            continue;
        }
        // The addresses are already in use if a verb of this agent created the record.
        unexpected = unexpected || (!records_.contains(interface) && !under_way((*record)->key));
        records_[interface] = std::move(**record);
    }
    if (unexpected)
        if (auto rebuilt = rebuild_allocator(); !rebuilt) problems.push_back(rebuilt.error().message);
    return problems;
}

bool Attachments::lost_unasked(const std::string& interface) {
    const auto record = records_.find(interface);
    return record != records_.end() && !under_way(record->second.key);
}

void Attachments::forget(const std::string& interface) {
    const auto record = records_.find(interface);
    if (record == records_.end()) return;
    if (!under_way(record->second.key)) release(record->second.addresses);
    records_.erase(record);
}

Result<void> Attachments::set_ranges(const std::vector<ipam::Prefix>& pod_cidrs) {
    if (ranges_ == pod_cidrs) return {};
    ranges_ = pod_cidrs;
    return rebuild_allocator();
}

Result<void> Attachments::rebuild_allocator() {
    allocator_.reset();
    if (ranges_.empty()) return {};
    std::vector<ipam::IpAddress> used;
    for (const auto& [interface, record] : records_)
        used.insert(used.end(), record.addresses.begin(), record.addresses.end());
    for (const auto& [key, doing] : under_way_)
        if (doing.record) used.insert(used.end(), doing.record->addresses.begin(), doing.record->addresses.end());
    for (const auto& [generation, addresses] : leaving_) used.insert(used.end(), addresses.begin(), addresses.end());
    ASSIGN_OR_RETURN(auto allocator, ipam::Allocator::over(ranges_, used));
    allocator_ = std::move(allocator);
    return {};
}

Result<std::vector<ipam::IpAddress>> Attachments::allocate() {
    if (!allocator_) return outcome::fail("this node's Node object has no podCIDR to allocate an address from");
    return allocator_->allocate();
}

void Attachments::release(std::span<const ipam::IpAddress> addresses) {
    if (allocator_) allocator_->release(addresses);
}

void Attachments::release_after(std::uint64_t generation, std::vector<ipam::IpAddress> addresses) {
    leaving_.emplace(generation, std::move(addresses));
}

void Attachments::confirmed(std::uint64_t generation) {
    const auto later = leaving_.upper_bound(generation);
    for (auto each = leaving_.begin(); each != later; ++each) release(each->second);
    leaving_.erase(leaving_.begin(), later);
}

std::vector<ipam::RangeUse> Attachments::address_use() const {
    return allocator_ ? allocator_->use() : std::vector<ipam::RangeUse>();
}

std::uint16_t Attachments::free_ct_zone(const ipam::MacAddress& mac) const {
    std::set<std::optional<std::uint16_t>> used;
    for (const auto& [interface, record] : records_) used.insert(record.ct_zone);
    for (const auto& [key, doing] : under_way_)
        if (doing.record) used.insert(doing.record->ct_zone);
    constexpr std::uint16_t kLast = flowgen::kSharedZone - 1;
    auto zone = static_cast<std::uint16_t>(static_cast<std::uint64_t>(mac.bits()) % kLast + 1);
    while (used.contains(zone)) zone = static_cast<std::uint16_t>(zone % kLast + 1);
    return zone;
}

std::optional<AttachmentRecord> Attachments::find(const ovs_cni::AttachmentKey& key) const {
    const auto found = std::ranges::find_if(records_, [&](const auto& entry) { return entry.second.key == key; });
    return found == records_.end() ? std::nullopt : std::optional(found->second);
}

bool Attachments::begin(const ovs_cni::AttachmentKey& key, Doing doing) {
    return under_way_.try_emplace(key, UnderWay{.doing = doing, .record = std::nullopt}).second;
}

Attachments::UnderWay* Attachments::under_way(const ovs_cni::AttachmentKey& key) {
    const auto found = under_way_.find(key);
    return found == under_way_.end() ? nullptr : &found->second;
}

const std::vector<flowgen::Attachment>& Attachments::for_compile() {
    compiled_ = to_serve();
    return compiled_;
}

std::vector<flowgen::Attachment> Attachments::to_serve() const {
    std::vector<flowgen::Attachment> attachments;
    for (const auto& [interface, record] : records_)
        if (record.ofport != 0 && !under_way_.contains(record.key)) attachments.push_back(attachment(record));
    for (const auto& [key, doing] : under_way_)
        if (doing.doing == Doing::Adding && doing.record) attachments.push_back(attachment(*doing.record));
    std::ranges::sort(attachments); // so that the order does not change when a verb ends
    return attachments;
}

} // namespace agent
