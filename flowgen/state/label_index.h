// Which identities exist: every namespace and, in it, every label set that a pod carries or a
// workload will give to its pods. A source may know only the labels of most pods. How many pods
// carry a label set, and where they run, affects neither this index nor any flow.
//
//   ClusterState ──► LabelIndex ──► policy rules (subjects and peers as identities)
#pragma once

#include "flowgen/state/cluster_state.h"
#include "flowgen/state/identity.h"

#include <map>
#include <string>
#include <vector>

namespace flowgen {

struct LabelSet {
    Identity identity;
    Labels labels;

    auto operator<=>(const LabelSet&) const = default;
};

struct IndexedNamespace {
    Labels labels;
    std::uint64_t bits = 0;
    bool refused = false;             ///< its hash is that of an older namespace: its pods are cut off
    std::vector<LabelSet> label_sets; ///< by identity, each once
};

struct LabelIndex {
    std::map<std::string, IndexedNamespace> namespaces; ///< declared ones and those that objects merely name
    std::vector<std::string> warnings;                  ///< one for each refused namespace

    [[nodiscard]] bool refused(const std::string& namespace_name) const;
};

/// Host-network and finished pods are not part of the network and are ignored.
[[nodiscard]] LabelIndex index_labels(const ClusterState& state);

/// Marks all but the oldest of the namespaces whose `bits` are equal as refused, with a warning
/// each. Age is by creationTimestamp, then by name, so that every node decides alike.
void refuse_collisions(const ClusterState& state, LabelIndex& index);

/// The labels of a namespace: those of its manifest, and the one that carries its name.
[[nodiscard]] Labels namespace_labels(const ClusterState& state, const std::string& name);

} // namespace flowgen
