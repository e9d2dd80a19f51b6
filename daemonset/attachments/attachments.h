// This node's attachments: the records in the switch's database, and the verbs in progress.
//
//   database rows ──► records ─────────┐
//   ADD, DEL, GC ──► under way ────────┴─► for_compile() ──► flows
//                        └─► addresses taken, and given back when the switch has dropped their flows
//                            (the pool's used set is read from the records)
//
// Nothing here waits or does I/O; cni_verbs.h does.
#pragma once

#include "daemonset/attachments/attachment_record.h"
#include "ipam/allocator.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace agent {

class Attachments {
  public:
    enum class Doing : std::uint8_t { Adding, Removing };

    /// The state of a verb in progress.
    struct UnderWay {
        Doing doing = Doing::Adding;
        std::optional<AttachmentRecord> record; ///< as soon as it has addresses and an ofport
        bool cancelled = false;                 ///< an ADD that a DEL has cancelled
    };

    /// Takes over the records of the database. Returns a line for each record that cannot be read.
    [[nodiscard]] std::vector<std::string> load(const DatabaseView& view);
    /// The same for the rows of these interfaces alone. Frees the addresses of a record that has
    /// disappeared without a verb.
    [[nodiscard]] std::vector<std::string> refresh(const DatabaseView& view, std::span<const std::string> interfaces);
    /// Whether the database was read once; until then the attachments are unknown.
    [[nodiscard]] bool loaded() const { return loaded_; }

    /// Sets the PodCIDRs that addresses come from. Does nothing when they have not changed.
    /// Errors: two PodCIDRs of one family.
    [[nodiscard]] outcome::Result<void> set_ranges(const std::vector<ipam::Prefix>& pod_cidrs);
    /// One free address of each family. Errors: no PodCIDR, or one is exhausted.
    [[nodiscard]] outcome::Result<std::vector<ipam::IpAddress>> allocate();
    void release(std::span<const ipam::IpAddress> addresses);
    /// Releases these addresses once the switch has confirmed change `generation`, which removes
    /// their flows.
    void release_after(std::uint64_t generation, std::vector<ipam::IpAddress> addresses);
    /// The switch has confirmed this change.
    void confirmed(std::uint64_t generation);
    /// Whether addresses wait for the switch to remove their flows.
    [[nodiscard]] bool some_leave() const { return !leaving_.empty(); }
    [[nodiscard]] std::vector<ipam::RangeUse> address_use() const;

    /// A zone of connection tracking that no attachment has. It follows from the MAC, which no other
    /// attachment ever has: a zone is not given again with an address, even after the agent restarted.
    [[nodiscard]] std::uint16_t free_ct_zone(const ipam::MacAddress& mac) const;

    /// By port name.
    [[nodiscard]] const std::map<std::string, AttachmentRecord>& records() const { return records_; }
    [[nodiscard]] std::optional<AttachmentRecord> find(const ovs_cni::AttachmentKey& key) const;

    /// Marks a verb as in progress. False when another verb is in progress for the same attachment.
    [[nodiscard]] bool begin(const ovs_cni::AttachmentKey& key, Doing doing);
    /// The verb in progress with this attachment; null when there is none.
    [[nodiscard]] UnderWay* under_way(const ovs_cni::AttachmentKey& key);
    void end(const ovs_cni::AttachmentKey& key) { under_way_.erase(key); }
    [[nodiscard]] std::size_t count_under_way() const { return under_way_.size(); }

    /// The attachments to serve now: the records that the switch has a port for, except those being
    /// removed, and those being added, with the ofport that they requested.
    [[nodiscard]] const std::vector<flowgen::Attachment>& for_compile();
    /// Whether `for_compile` would now return another result than last time.
    [[nodiscard]] bool compile_is_stale() const { return to_serve() != compiled_; }

  private:
    [[nodiscard]] std::vector<flowgen::Attachment> to_serve() const;
    [[nodiscard]] outcome::Result<void> rebuild_allocator();
    [[nodiscard]] bool lost_unasked(const std::string& interface);
    void forget(const std::string& interface);

    bool loaded_ = false;
    std::map<std::string, AttachmentRecord> records_;
    std::map<ovs_cni::AttachmentKey, UnderWay> under_way_;
    std::vector<ipam::Prefix> ranges_;
    std::optional<ipam::Allocator> allocator_;
    std::multimap<std::uint64_t, std::vector<ipam::IpAddress>> leaving_; ///< by the change that removes their flows
    std::vector<flowgen::Attachment> compiled_;                          ///< as last given to the compiler
};

} // namespace agent
