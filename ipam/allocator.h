// Which addresses of the node's PodCIDRs are in use, and which one a new attachment gets.
//
//   PodCIDRs ─────────────┐                     ┌─► allocate() ──► one address of each family
//                         ├─► Allocator (memory)┤
//   attachments' records ─┘                     └◄─ release()
//
// Nothing is stored here: the used set is read back from the attachments' records when the agent starts.
// Reuse is as late as possible, because conntrack entries, DNS answers and clients' caches outlive
// a pod. Addresses that were not in use so far come first, in ascending order from where the last
// search ended; then comes the one that has been free for longest.
#pragma once

#include "ipam/address.h"
#include "ipam/prefix.h"
#include "outcome/result.h"

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace ipam {

/// The address of the node itself in its PodCIDR, on the bridge's own port: the one after the network address.
[[nodiscard]] IpAddress gateway_address(const Prefix& range);

/// How full a range is.
struct RangeUse {
    Prefix range;
    std::uint64_t capacity = 0; ///< addresses that attachments can have; at most 2^63, also where there are more
    std::uint64_t used = 0;

    auto operator<=>(const RangeUse&) const = default;
    [[nodiscard]] std::uint64_t free() const { return capacity - used; }
};

/// One family's part of the allocator. Reserved and never given out: the network address (IPv6: the subnet-router
/// anycast address, RFC 4291 section 2.6.1), the gateway address and, for IPv4, the broadcast address.
class AddressPool {
  public:
    explicit AddressPool(const Prefix& range);

    /// The address to `take` next; nothing when all are in use.
    [[nodiscard]] std::optional<IpAddress> next() const;
    /// Marks as used. Addresses outside the range, or reserved, are remembered and do not count.
    void take(const IpAddress& address);
    /// Frees; does nothing when the address is not in use.
    void release(const IpAddress& address);
    /// Starts the search for never-used addresses after the highest used one.
    void search_from_highest_used();
    [[nodiscard]] bool usable(const IpAddress& address) const;
    [[nodiscard]] RangeUse use() const;
    [[nodiscard]] const Prefix& range() const { return range_; }

  private:
    [[nodiscard]] std::uint64_t capacity() const;

    Prefix range_;
    U128 first_ = 0;  ///< lowest usable address
    U128 last_ = 0;   ///< highest usable address; below first_ when there is none
    U128 cursor_ = 0; ///< where the search for a never-used address begins
    std::set<U128> used_;
    std::uint64_t used_in_range_ = 0;
    std::deque<U128> freed_;         ///< oldest first
    std::set<U128> freed_addresses_; ///< the same addresses, to look up
};

class Allocator {
  public:
    /// An allocator over `pod_cidrs` (one or none of each family) in which `used` is taken. Used addresses outside the
    /// ranges are tolerated: they belong to attachments made before the PodCIDR changed.
    /// Errors: two ranges of one family.
    [[nodiscard]] static outcome::Result<Allocator> over(std::span<const Prefix> pod_cidrs,
                                                         std::span<const IpAddress> used);

    /// One free address of each family, IPv4 first, marked as used; all of them or, on an error, none.
    /// Errors: no ranges at all, or one of them is exhausted.
    [[nodiscard]] outcome::Result<std::vector<IpAddress>> allocate();
    /// Gives back; addresses that are not in use are ignored. The address is given out again after all others.
    void release(std::span<const IpAddress> addresses);
    [[nodiscard]] std::vector<RangeUse> use() const;

  private:
    std::vector<AddressPool> pools_; ///< sorted by family, each family at most once
};

} // namespace ipam
