// Random histories of allocations, releases and restarts against the simplest model of the
// requirements.
#include "ipam/allocator.h"

#include "tests/ipam/seed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace ipam {
namespace {

Prefix random_range(std::mt19937& random, Family family) {
    const int shortest = family == Family::IPv4 ? 24 : 120;
    const U128 base = family == Family::IPv4 ? U128{0x0af40000} : U128{0xfd00} << 112;
    return Prefix::covering({family, base | (random() & 0xffff)}, shortest + static_cast<int>(random() % 9));
}

/// Whether an attachment may have it, as documented: not the network, the gateway or IPv4's
/// broadcast address.
bool is_for_pods(const Prefix& range, const IpAddress& address) {
    return range.contains(address) && address != range.first() && address != gateway_address(range) &&
           (range.family() == Family::IPv6 || address != range.last());
}

/// One allocator over one range, and its state as observed from outside.
struct History {
    explicit History(std::mt19937& source)
        : random(source), range(random_range(source, source() % 2 ? Family::IPv4 : Family::IPv6)),
          allocator(Allocator::over(std::array{range}, {}).value()) {
        for (auto bits = range.first().bits; bits <= range.last().bits; ++bits) {
            if (is_for_pods(range, {range.family(), bits})) ++capacity;
        }
    }

    void allocate() {
        const auto given = allocator.allocate();
        ASSERT_EQ(given.has_value(), used.size() < capacity);
        if (!given) return;
        const auto address = given->front();
        ASSERT_TRUE(is_for_pods(range, address)) << address.text() << " of " << range.text();
        ASSERT_TRUE(used.insert(address).second) << address.text() << " is allocated twice";
        if (const auto freed = freed_at.find(address); freed != freed_at.end()) {
            ASSERT_EQ(used.size() + freed_at.size(), capacity + 1)
                << address.text() << " was freed, but others were never used";
            for (const auto& [other, when] : freed_at)
                ASSERT_LE(freed->second, when) << other.text() << " has been free for longer";
            freed_at.erase(freed);
        }
    }

    void release() {
        if (used.empty()) return;
        const auto victim = std::next(used.begin(), static_cast<std::ptrdiff_t>(random() % used.size()));
        allocator.release(std::array{*victim});
        freed_at[*victim] = clock++;
        used.erase(victim);
    }

    /// The order of freed addresses is forgotten; the used addresses are not.
    void restart() {
        const std::vector<IpAddress> recorded(used.begin(), used.end());
        allocator = Allocator::over(std::array{range}, recorded).value();
        freed_at.clear();
    }

    std::mt19937& random;
    Prefix range;
    Allocator allocator;
    std::size_t capacity = 0;
    std::set<IpAddress> used;
    std::map<IpAddress, int> freed_at;
    int clock = 0;
};

TEST(Allocator, every_history_gives_each_free_address_once_and_the_longest_free_first) {
    std::mt19937 random(seed_of_run());
    for (int round = 0; round < 200; ++round) {
        History history(random);
        for (int step = 0; step < 600; ++step) {
            const auto choice = random() % 100;
            if (choice < 55)
                history.allocate();
            else if (choice < 99)
                history.release();
            else
                history.restart();
            if (testing::Test::HasFatalFailure()) return;
            ASSERT_EQ(history.allocator.use().front().used, history.used.size());
            ASSERT_EQ(history.allocator.use().front().capacity, history.capacity);
        }
    }
}

TEST(Allocator, two_families_are_always_taken_and_freed_together) {
    std::mt19937 random(seed_of_run());
    for (int round = 0; round < 50; ++round) {
        const std::array ranges{random_range(random, Family::IPv4), random_range(random, Family::IPv6)};
        auto allocator = Allocator::over(ranges, {}).value();
        std::vector<std::vector<IpAddress>> attachments;
        for (int step = 0; step < 600; ++step) {
            if (random() % 3 != 0) {
                if (auto given = allocator.allocate()) attachments.push_back(std::move(*given));
            } else if (!attachments.empty()) {
                std::swap(attachments[random() % attachments.size()], attachments.back());
                allocator.release(attachments.back());
                attachments.pop_back();
            }
            for (const auto& use : allocator.use()) ASSERT_EQ(use.used, attachments.size());
        }
    }
}

} // namespace
} // namespace ipam
