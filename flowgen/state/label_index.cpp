#include "flowgen/state/label_index.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace flowgen {
namespace {

std::set<std::string> namespace_names(const ClusterState& state) {
    std::set<std::string> names;
    for (const auto& [name, value] : state.namespaces) names.insert(name);
    for (const auto& [id, pod] : state.pods) names.insert(id.namespace_);
    for (const auto& [key, workload] : state.workloads) names.insert(key.second.namespace_);
    for (const auto& [id, policy] : state.policies) names.insert(id.namespace_);
    for (const auto& [name, sets] : state.label_sets) names.insert(name);
    return names;
}

} // namespace

bool LabelIndex::refused(const std::string& namespace_name) const {
    const auto entry = namespaces.find(namespace_name);
    return entry == namespaces.end() || entry->second.refused;
}

void refuse_collisions(const ClusterState& state, LabelIndex& index) {
    std::vector<std::tuple<std::string, std::string>> by_age;
    for (const auto& [name, entry] : index.namespaces) {
        const auto declared = state.namespaces.find(name);
        by_age.emplace_back(declared == state.namespaces.end() ? "" : declared->second.created, name);
    }
    std::ranges::sort(by_age);
    std::map<std::uint64_t, std::string> holders;
    for (const auto& [created, name] : by_age) {
        auto& entry = index.namespaces.at(name);
        const auto [holder, first] = holders.try_emplace(entry.bits, name);
        if (first) continue;
        entry.refused = true;
        index.warnings.push_back("namespace " + name +
                                 " is cut off: its name hashes to the same 56 bits as that of the "
                                 "older namespace " +
                                 holder->second + "; create it under another name");
    }
}

Labels namespace_labels(const ClusterState& state, const std::string& name) {
    const auto declared = state.namespaces.find(name);
    Labels labels = declared == state.namespaces.end() ? Labels{} : declared->second.labels;
    labels[kNamespaceNameLabel] = name;
    return labels;
}

LabelIndex index_labels(const ClusterState& state) {
    LabelIndex index;
    for (const auto& name : namespace_names(state))
        index.namespaces.emplace(name,
                                 IndexedNamespace{namespace_labels(state, name), namespace_bits(name), false, {}});
    const auto add_labels = [&](const std::string& namespace_name, const Labels& labels) {
        auto& entry = index.namespaces.at(namespace_name);
        entry.label_sets.push_back({{entry.bits, label_bits(labels)}, labels});
    };
    const auto add = [&](const std::string& namespace_name, const Pod& pod) {
        if (!pod.host_network && !pod.finished) add_labels(namespace_name, pod.labels);
    };
    for (const auto& [id, pod] : state.pods) add(id.namespace_, pod);
    for (const auto& [key, workload] : state.workloads) add(key.second.namespace_, workload.pod_template);
    for (const auto& [name, sets] : state.label_sets)
        for (const auto& labels : sets) add_labels(name, labels);
    for (auto& [name, entry] : index.namespaces) {
        std::ranges::sort(entry.label_sets);
        const auto repeated = std::ranges::unique(entry.label_sets);
        entry.label_sets.erase(repeated.begin(), repeated.end());
    }
    refuse_collisions(state, index);
    return index;
}

} // namespace flowgen
