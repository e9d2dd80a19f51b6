// Decides which file's version of each object counts, and merges the objects of all files to one
// cluster state.
//
//   a.yaml: objects ─┐
//   b.json: objects ─┼──► ObjectClaims ──► ClusterState (of each object the version of the file that sorts first)
//   ...             ─┘            └──► conflicts: objects that several files claim
//
// The order of arrival does not matter, so that all nodes and every restart reach the same state.
#pragma once

#include "daemonset/cluster/manifests/manifest_file.h"
#include "flowgen/state/cluster_state.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace agent::cluster {

/// An object that two files hold.
struct Conflict {
    ObjectKey key;
    std::string winner; ///< the file whose version counts
    int winner_line = 0;
    std::string loser;
    int loser_line = 0;

    /// The error of the losing file.
    [[nodiscard]] FileError error() const;
};

class ObjectClaims {
  public:
    /// Replaces the objects of `file`; those not in `objects` are released. Each key at most once.
    void set(const std::string& file, std::vector<FileObject> objects);
    /// Replaces or adds one object of `file`; the others stay.
    void set_one(const std::string& file, FileObject object);
    /// `file` has no objects any more.
    void remove(const std::string& file) { set(file, {}); }

    [[nodiscard]] const flowgen::ClusterState& state() const { return *state_; }
    /// The same, for owners that keep it: the claims keep changing it.
    [[nodiscard]] std::shared_ptr<const flowgen::ClusterState> shared_state() const { return state_; }
    [[nodiscard]] flowgen::ClusterState take_state() && { return std::move(*state_); }
    /// The objects of the state that were added, changed or removed since the last call, sorted.
    [[nodiscard]] std::vector<ObjectKey> take_changed();
    /// One for each claim that yields to another; sorted by object and file.
    [[nodiscard]] std::vector<Conflict> conflicts() const;

  private:
    /// The claim of the file that sorts first is in `state_`; the others keep their object here.
    struct Claim {
        int line = 0;
        std::optional<Object> withheld;
    };
    using Claims = std::map<std::string, Claim>; ///< by file

    /// Puts an object into the state, or takes it out, and remembers the previous one.
    void replace(const ObjectKey& key, std::optional<Object> object);
    void claim(const ObjectKey& key, const std::string& file, FileObject object);
    void give_up(const ObjectKey& key, const std::string& file);

    std::map<ObjectKey, Claims> claims_;
    std::map<std::string, std::set<ObjectKey>> files_;
    std::set<ObjectKey> contested_;
    /// The objects that the state had before the changes that take_changed has not returned yet.
    std::map<ObjectKey, std::optional<Object>> before_;
    std::shared_ptr<flowgen::ClusterState> state_ = std::make_shared<flowgen::ClusterState>();
};

} // namespace agent::cluster
