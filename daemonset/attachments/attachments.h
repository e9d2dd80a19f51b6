// This node's attachments: the records in the switch's database, and what is being added or removed right now.
//
//   database rows ──► records ─────────┐
//   ADD, DEL, GC ──► under way ────────┴─► for_compile() ──► flows
//                        └─► addresses taken, and given back when the switch has dropped their flows
//                            (the pool's used set is read from the records)
//
// Nothing here waits or talks to anybody; cni_verbs.h does.
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

    /// What a verb in progress has in hand.
    struct UnderWay {
        Doing doing = Doing::Adding;
        std::optional<AttachmentRecord> record; ///< as soon as it has addresses and an ofport
        bool cancelled = false;                 ///< an ADD that somebody asked to undo
    };

    /// Takes over what the database says. Returns a line for each record that cannot be read.
    [[nodiscard]] std::vector<std::string> load(const DatabaseView& view);
    /// The same for the rows of these interfaces alone. The addresses of a record that has gone without a verb are
    /// free.
    [[nodiscard]] std::vector<std::string> refresh(const DatabaseView& view, std::span<const std::string> interfaces);
    /// Whether the database was read once; until then nobody knows what is attached.
    [[nodiscard]] bool loaded() const { return loaded_; }

    /// Gives the PodCIDRs that addresses come from. Does nothing when they are the present ones.
    /// Errors: two PodCIDRs of one family.
    [[nodiscard]] outcome::Result<void> set_ranges(const std::vector<ipam::Prefix>& pod_cidrs);
    /// One free address of each family. Errors: no PodCIDR, or one is exhausted.
    [[nodiscard]] outcome::Result<std::vector<ipam::IpAddress>> allocate();
    void release(std::span<const ipam::IpAddress> addresses);
    /// Releases these once the switch has confirmed change `generation`, in which their flows go.
    void release_after(std::uint64_t generation, std::vector<ipam::IpAddress> addresses);
    /// The switch has confirmed this change.
    void confirmed(std::uint64_t generation);
    /// Whether addresses wait for the switch to drop their flows.
    [[nodiscard]] bool some_leave() const { return !leaving_.empty(); }
    [[nodiscard]] std::vector<ipam::RangeUse> address_use() const;

    /// By port name.
    [[nodiscard]] const std::map<std::string, AttachmentRecord>& records() const { return records_; }
    [[nodiscard]] std::optional<AttachmentRecord> find(const ovs_cni::AttachmentKey& key) const;

    /// Marks a verb as under way. False when another one has the same attachment in hand.
    [[nodiscard]] bool begin(const ovs_cni::AttachmentKey& key, Doing doing);
    /// The verb in progress with this attachment; null when there is none.
    [[nodiscard]] UnderWay* under_way(const ovs_cni::AttachmentKey& key);
    void end(const ovs_cni::AttachmentKey& key) { under_way_.erase(key); }
    [[nodiscard]] std::size_t count_under_way() const { return under_way_.size(); }

    /// What the switch should serve now: the records that the switch has a port for, without those being removed, and
    /// those being added with the ofport that they asked for.
    [[nodiscard]] const std::vector<flowgen::Attachment>& for_compile();
    /// Whether `for_compile` would now give something else than it last did.
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
    std::multimap<std::uint64_t, std::vector<ipam::IpAddress>> leaving_; ///< by the change in which their flows go
    std::vector<flowgen::Attachment> compiled_;                          ///< as last given to the compiler
};

} // namespace agent
