// A watched directory of manifests: the agent's cluster source where there is no Kubernetes API.
//
//   kernel events ──► files to read again ──► decode ──► ObjectClaims ──► ClusterState
//                                               └── broken: FileError, the file's last good objects stay
//                                 next_change() ◄── Change: which objects, which errors, which kinds skipped
//
// A written file counts when it is closed, or renamed to its name. A file that disappears counts as
// gone after kAbsence, because editors move or delete the old file before they write the new one,
// and a policy must not lapse in between.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/cluster/manifests/directory_watch.h"
#include "daemonset/cluster/manifests/manifest_tree.h"
#include "daemonset/cluster/manifests/object_claims.h"
#include "flowgen/state/cluster_state.h"
#include "outcome/result.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace agent::cluster {

/// The difference between two states of a directory.
struct Change {
    std::vector<ObjectKey> objects;     ///< added, changed or removed; sorted
    std::vector<FileError> errors;      ///< new errors; sorted
    std::vector<FileError> resolved;    ///< errors that are gone; sorted
    std::vector<SkippedObject> skipped; ///< of kinds not seen before; sorted

    [[nodiscard]] bool empty() const {
        return objects.empty() && errors.empty() && resolved.empty() && skipped.empty();
    }
};

/// Used from one thread, that of its executor, whose context must outlive it; `next_change` by one
/// coroutine at a time.
class ManifestDirectory {
  public:
    /// How long a file must be gone until its objects are.
    static constexpr std::chrono::milliseconds kAbsence{10};
    /// How long a newly created file may stay open until it is read as it is.
    static constexpr std::chrono::milliseconds kWriting{1000};
    /// How often to look for a root that has disappeared.
    static constexpr std::chrono::milliseconds kRootRetry{1000};

    /// Watches `root` and everything below it. Reads nothing yet: the first rescan does, and its
    /// Change has everything. Errors: the root is not a readable directory, or a limit of inotify.
    [[nodiscard]] static outcome::Result<std::unique_ptr<ManifestDirectory>>
    open(const boost::asio::any_io_executor& executor, std::string root);

    ManifestDirectory(const ManifestDirectory&) = delete;
    ManifestDirectory& operator=(const ManifestDirectory&) = delete;
    ~ManifestDirectory();

    /// The state of the valid files. Changes only inside rescan and next_change.
    [[nodiscard]] const flowgen::ClusterState& state() const { return claims_.state(); }
    /// The same, for owners that outlive this object.
    [[nodiscard]] std::shared_ptr<const flowgen::ClusterState> shared_state() const { return claims_.shared_state(); }
    /// All current errors; sorted.
    [[nodiscard]] std::vector<FileError> errors() const;
    /// Counts the changes; 0 before the first rescan.
    [[nodiscard]] std::uint64_t generation() const { return generation_; }

    /// Compares every file with its last read version, and reads those that differ. It does not
    /// wait: a missing file is gone. The Change covers everything since the last one returned, here
    /// or by next_change.
    [[nodiscard]] Change rescan();

    /// The next change that is not empty. A burst of events is one change.
    /// Errors: inotify no longer works; cancelled.
    [[nodiscard]] Task<outcome::Result<Change>> next_change();

  private:
    using Clock = std::chrono::steady_clock;
    enum class Missing : std::uint8_t { IsGone, MayReturn };

    struct FileRecord {
        FileStamp stamp;
        bool settled = false; ///< its stamp will differ if it is written again; not so within one tick of the clock
    };

    ManifestDirectory(const boost::asio::any_io_executor& executor, std::string root, DirectoryWatch watch);

    void scan(Missing missing);
    [[nodiscard]] ManifestTree walk_and_watch();
    void follow(const std::vector<WatchEvent>& events);
    void decide_due(Clock::time_point now);
    void read(const std::string& path);
    void forget(const std::string& path);
    void may_be_gone(const std::string& path);
    [[nodiscard]] bool listed(const std::string& path) const;
    [[nodiscard]] Change take_change();
    [[nodiscard]] outcome::Result<Change> catch_up();
    [[nodiscard]] std::optional<Clock::time_point> deadline() const;
    Task<boost::system::error_code> wait();

    std::string root_;
    DirectoryWatch watch_;
    boost::asio::posix::stream_descriptor readable_;
    boost::asio::steady_timer timer_;

    ObjectClaims claims_;
    std::map<std::string, FileRecord> files_;
    std::map<std::string, std::vector<FileError>> file_errors_; ///< of files that are not used as written
    std::vector<FileError> tree_errors_;
    std::map<std::string, Clock::time_point> vanished_; ///< files that may be gone, and when to decide
    std::optional<Clock::time_point> root_retry_;

    std::vector<FileError> told_errors_;
    std::set<UnknownKind> told_kinds_;
    std::vector<SkippedObject> new_skipped_;
    std::uint64_t generation_ = 0;
};

} // namespace agent::cluster
