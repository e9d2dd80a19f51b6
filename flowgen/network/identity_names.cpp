#include "flowgen/network/identity_names.h"

#include "flowgen/flow/pipeline.h"
#include "flowgen/state/label_index.h"
#include "words/list.h"

namespace flowgen {
namespace {

std::string describe(const FieldMatch& field, const IdentityNames& names) {
    const auto namespace_part = static_cast<std::uint64_t>((field.value & kNamespaceMask) >> 64);
    if ((field.mask & kIdentityMask) == kIdentityMask) {
        const auto name =
            names.identities.find({namespace_part, static_cast<std::uint64_t>(field.value & kLabelsMask)});
        return name == names.identities.end() ? "of no known label set" : name->second;
    }
    if ((field.mask & kIdentityMask) == kNamespaceMask) {
        const auto name = names.namespaces.find(namespace_part);
        return name == names.namespaces.end() ? "of no known namespace" : "any pod of " + name->second;
    }
    if (field.mask == kFlagPod) return "any pod";
    if (field.mask == kFlagIsolated) return "isolated";
    return "";
}

} // namespace

IdentityNames name_identities(const ClusterState& state) {
    IdentityNames names;
    names.identities[own_host_identity()] = "this node";
    for (const auto& [name, node] : state.nodes) names.identities[other_node_identity(name)] = "node " + name;
    for (const auto& [name, entry] : index_labels(state).namespaces) {
        if (entry.refused) continue;
        names.namespaces[entry.bits] = name;
        for (const auto& set : entry.label_sets) names.identities[set.identity] = name + text(set.labels);
    }
    return names;
}

std::string describe(const Match& match, const IdentityNames& names) {
    std::vector<std::string> ends;
    for (const auto& [field, side] :
         {std::pair(kSourceIdentity, "source "), std::pair(kDestinationIdentity, "destination ")}) {
        const auto* value = match.find(field);
        const auto name = value == nullptr ? std::string() : describe(*value, names);
        if (!name.empty()) ends.push_back(side + name);
    }
    return words::join(ends);
}

} // namespace flowgen
