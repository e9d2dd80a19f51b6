#include "ipam/allocator.h"

#include <algorithm>

namespace ipam {
namespace {

/// How many freed addresses are remembered; older ones count as never used. This bounds the memory
/// for a huge IPv6 range, where the search needs longer than any uptime to come back to them.
constexpr std::size_t kRememberedFreed = 4096;

constexpr std::uint64_t kMaxCapacity = std::uint64_t{1} << 63;

} // namespace

IpAddress gateway_address(const Prefix& range) { return {range.family(), range.address.bits + 1}; }

AddressPool::AddressPool(const Prefix& range) : range_(range) {
    // A range of one or two addresses has no usable one: first_ must not leave it, or wrap around.
    const U128 size_less_one = range.last().bits - range.first().bits;
    const U128 reserved_at_end = range.family() == Family::IPv4 ? 1 : 0;
    if (size_less_one < 2 + reserved_at_end) {
        first_ = 1;
        last_ = 0;
    } else {
        first_ = range.first().bits + 2;
        last_ = range.last().bits - reserved_at_end;
    }
    cursor_ = first_;
}

bool AddressPool::usable(const IpAddress& address) const {
    return address.family == range_.family() && address.bits >= first_ && address.bits <= last_;
}

std::uint64_t AddressPool::capacity() const {
    if (first_ > last_) return 0;
    return static_cast<std::uint64_t>(std::min<U128>(last_ - first_, kMaxCapacity - 1)) + 1;
}

std::optional<IpAddress> AddressPool::next() const {
    if (used_in_range_ >= capacity()) return std::nullopt;
    // Every step but the last passes an address that is used or freed, so the search never walks
    // through a huge range.
    U128 candidate = cursor_;
    const U128 candidates = std::min<U128>(last_ - first_ + 1, used_.size() + freed_.size() + 1);
    for (U128 i = 0; i < candidates; ++i) {
        if (!used_.contains(candidate) && !freed_addresses_.contains(candidate))
            return IpAddress{range_.family(), candidate};
        candidate = candidate == last_ ? first_ : candidate + 1;
    }
    return IpAddress{range_.family(), freed_.front()};
}

void AddressPool::take(const IpAddress& address) {
    if (!used_.insert(address.bits).second || !usable(address)) return;
    ++used_in_range_;
    if (freed_addresses_.erase(address.bits) > 0) {
        freed_.erase(std::ranges::find(freed_, address.bits));
    } else {
        cursor_ = address.bits == last_ ? first_ : address.bits + 1;
    }
}

void AddressPool::release(const IpAddress& address) {
    if (used_.erase(address.bits) == 0 || !usable(address)) return;
    --used_in_range_;
    freed_.push_back(address.bits);
    freed_addresses_.insert(address.bits);
    if (freed_.size() > kRememberedFreed) {
        freed_addresses_.erase(freed_.front());
        freed_.pop_front();
    }
}

void AddressPool::search_from_highest_used() {
    const auto above = used_.upper_bound(last_);
    if (above == used_.begin() || first_ > last_) return;
    const U128 highest = *std::prev(above);
    if (highest >= first_) cursor_ = highest == last_ ? first_ : highest + 1;
}

RangeUse AddressPool::use() const { return {range_, capacity(), used_in_range_}; }

outcome::Result<Allocator> Allocator::over(std::span<const Prefix> pod_cidrs, std::span<const IpAddress> used) {
    Allocator allocator;
    std::vector<Prefix> ranges(pod_cidrs.begin(), pod_cidrs.end());
    std::ranges::sort(ranges);
    for (const auto& range : ranges) {
        if (!allocator.pools_.empty() && allocator.pools_.back().range().family() == range.family())
            return outcome::fail("the node has two " + std::string(name(range.family())) + " PodCIDRs, " +
                                 allocator.pools_.back().range().text() + " and " + range.text() +
                                 "; it can have one of each family");
        allocator.pools_.emplace_back(range);
    }
    for (auto& pool : allocator.pools_) {
        for (const auto& address : used) {
            if (address.family == pool.range().family()) pool.take(address);
        }
        pool.search_from_highest_used();
    }
    return allocator;
}

outcome::Result<std::vector<IpAddress>> Allocator::allocate() {
    if (pools_.empty())
        return outcome::fail("the node has no PodCIDR to allocate addresses from: set spec.podCIDRs of its Node");
    std::vector<IpAddress> addresses;
    for (const auto& pool : pools_) {
        const auto address = pool.next();
        if (!address)
            return outcome::fail("no address is free in the node's PodCIDR " + pool.range().text() + ": all " +
                                 std::to_string(pool.use().capacity) +
                                 " pod addresses are in use; remove pods from this node or give it a larger PodCIDR");
        addresses.push_back(*address);
    }
    for (std::size_t i = 0; i < pools_.size(); ++i) pools_[i].take(addresses[i]);
    return addresses;
}

void Allocator::release(std::span<const IpAddress> addresses) {
    for (const auto& address : addresses) {
        for (auto& pool : pools_) {
            if (pool.range().family() == address.family) pool.release(address);
        }
    }
}

std::vector<RangeUse> Allocator::use() const {
    std::vector<RangeUse> use;
    use.reserve(pools_.size());
    for (const auto& pool : pools_) use.push_back(pool.use());
    return use;
}

} // namespace ipam
