#include "daemonset/cluster/kubernetes/known_labels.h"

#include <utility>

namespace agent::kubernetes {

SharedLabels KnownLabels::find(std::string namespace_name, flowgen::Labels labels) {
    auto wanted = std::make_unique<LabelsOfPods>(std::move(namespace_name), std::move(labels));
    const auto found = kept_.find(wanted.get());
    if (found != kept_.end()) return found->second.lock();
    LabelsOfPods* const made = wanted.release();
    SharedLabels shared(made, [this](LabelsOfPods* unused) {
        kept_.erase(unused);
        delete unused;
    });
    kept_.emplace(made, shared);
    return shared;
}

bool KnownLabels::add(LabelsOfPods& carried) {
    if (carried.pods++ > 0) return false;
    label_sets_[carried.namespace_].insert(carried.labels);
    return true;
}

bool KnownLabels::remove(LabelsOfPods& carried) {
    if (--carried.pods > 0) return false;
    const auto sets = label_sets_.find(carried.namespace_);
    sets->second.erase(carried.labels);
    if (sets->second.empty()) label_sets_.erase(sets);
    return true;
}

} // namespace agent::kubernetes
