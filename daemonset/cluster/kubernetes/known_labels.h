// The label sets of the cluster's pods, each kept once, however many pods carry it.
//
//   pod appears ──► find(namespace, labels) ──► LabelsOfPods (shared) ──► add: the first one adds the set to the state
//   pod goes    ──────────────────────────────────────────────────────► remove: the last one takes it out
#pragma once

#include "flowgen/state/cluster_state.h"

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

namespace agent::kubernetes {

/// One label set in one namespace.
struct LabelsOfPods {
    std::string namespace_;
    flowgen::Labels labels;
    std::size_t pods = 0; ///< that were added with it
};

/// Two of them are equal when namespace and labels are.
using SharedLabels = std::shared_ptr<LabelsOfPods>;

/// Writes ClusterState::label_sets of the state passed to it. Must outlive every SharedLabels.
class KnownLabels {
  public:
    explicit KnownLabels(std::map<std::string, std::set<flowgen::Labels>>& label_sets) : label_sets_(label_sets) {}
    KnownLabels(const KnownLabels&) = delete;
    KnownLabels& operator=(const KnownLabels&) = delete;

    /// The one object for this namespace and these labels; it changes no state.
    [[nodiscard]] SharedLabels find(std::string namespace_name, flowgen::Labels labels);
    /// One more pod, or one less, carries it. Return whether the state changed.
    bool add(LabelsOfPods& carried);
    bool remove(LabelsOfPods& carried);
    /// How many are kept.
    [[nodiscard]] std::size_t size() const { return kept_.size(); }

  private:
    struct Less {
        bool operator()(const LabelsOfPods* one, const LabelsOfPods* other) const {
            return std::tie(one->namespace_, one->labels) < std::tie(other->namespace_, other->labels);
        }
    };

    std::map<std::string, std::set<flowgen::Labels>>& label_sets_;
    std::map<LabelsOfPods*, std::weak_ptr<LabelsOfPods>, Less> kept_;
};

} // namespace agent::kubernetes
