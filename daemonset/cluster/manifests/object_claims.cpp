#include "daemonset/cluster/manifests/object_claims.h"

#include <algorithm>
#include <utility>

namespace agent::cluster {
namespace {

using flowgen::ClusterState;

/// Moves an object into its map.
struct Insert {
    ClusterState& state;

    void operator()(flowgen::Namespace&& it) const { state.namespaces.insert_or_assign(it.name, std::move(it)); }
    void operator()(flowgen::Node&& it) const { state.nodes.insert_or_assign(it.name, std::move(it)); }
    void operator()(flowgen::Pod&& it) const { state.pods.insert_or_assign(it.id, std::move(it)); }
    void operator()(flowgen::NetworkPolicy&& it) const { state.policies.insert_or_assign(it.id, std::move(it)); }
    void operator()(flowgen::Workload&& it) const {
        state.workloads.insert_or_assign(std::pair(it.kind, it.id), std::move(it));
    }
};

/// Moves an object out of a map.
template <typename Map> std::optional<Object> extract(Map& objects, const typename Map::key_type& key) {
    auto node = objects.extract(key);
    if (node.empty()) return std::nullopt;
    return Object(std::move(node.mapped()));
}

std::optional<Object> extract(ClusterState& state, const ObjectKey& key) {
    if (key.kind == "Namespace") return extract(state.namespaces, key.name.name);
    if (key.kind == "Node") return extract(state.nodes, key.name.name);
    if (key.kind == "Pod") return extract(state.pods, key.name);
    if (key.kind == "NetworkPolicy") return extract(state.policies, key.name);
    return extract(state.workloads, std::pair(key.kind, key.name));
}

} // namespace

void ObjectClaims::set(const std::string& file, std::vector<FileObject> objects) {
    std::set<ObjectKey> keys;
    for (FileObject& object : objects) {
        const ObjectKey key = key_of(object.object);
        claim(key, file, std::move(object));
        keys.insert(key);
    }
    std::set<ObjectKey>& held = files_[file];
    for (const ObjectKey& key : held)
        if (!keys.contains(key)) give_up(key, file);
    held = std::move(keys);
    if (held.empty()) files_.erase(file);
}

void ObjectClaims::set_one(const std::string& file, FileObject object) {
    const ObjectKey key = key_of(object.object);
    claim(key, file, std::move(object));
    files_[file].insert(key);
}

void ObjectClaims::replace(const ObjectKey& key, std::optional<Object> object) {
    auto old = extract(*state_, key);
    before_.try_emplace(key, std::move(old));
    if (object) std::visit(Insert{*state_}, std::move(*object));
}

void ObjectClaims::claim(const ObjectKey& key, const std::string& file, FileObject object) {
    Claims& claims = claims_[key];
    const bool had_first = !claims.empty();
    const std::string first = had_first ? claims.begin()->first : file;
    claims[file].line = object.line;
    if (file > first) {
        claims[file].withheld = std::move(object.object);
    } else {
        if (file < first) {
            // The file that took precedence until now yields, and keeps its version of the object.
            claims[first].withheld = extract(*state_, key);
            before_.try_emplace(key, claims[first].withheld);
        }
        replace(key, std::move(object.object));
    }
    if (claims.size() > 1) contested_.insert(key);
}

void ObjectClaims::give_up(const ObjectKey& key, const std::string& file) {
    const auto found = claims_.find(key);
    Claims& claims = found->second;
    const bool counted = claims.begin()->first == file;
    claims.erase(file);
    if (claims.size() < 2) contested_.erase(key);
    if (counted) replace(key, claims.empty() ? std::nullopt : std::exchange(claims.begin()->second.withheld, {}));
    if (claims.empty()) claims_.erase(found);
}

std::vector<ObjectKey> ObjectClaims::take_changed() {
    std::vector<ObjectKey> changed;
    for (auto& [key, old] : std::exchange(before_, {})) {
        auto now = extract(*state_, key);
        if (now != old) changed.push_back(key);
        if (now) std::visit(Insert{*state_}, std::move(*now));
    }
    return changed;
}

std::vector<Conflict> ObjectClaims::conflicts() const {
    std::vector<Conflict> found;
    for (const ObjectKey& key : contested_) {
        const Claims& claims = claims_.at(key);
        const auto& [winner, first] = *claims.begin();
        for (auto loser = std::next(claims.begin()); loser != claims.end(); ++loser)
            found.push_back({key, winner, first.line, loser->first, loser->second.line});
    }
    return found;
}

FileError Conflict::error() const {
    return {loser, loser_line,
            key.text() + " is also in " + winner + ":" + std::to_string(winner_line) +
                ", which takes precedence: remove one"};
}

} // namespace agent::cluster
