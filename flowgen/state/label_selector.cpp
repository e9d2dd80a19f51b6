#include "flowgen/state/label_selector.h"

#include <algorithm>

namespace flowgen {
namespace {

bool holds(const LabelRequirement& requirement, const Labels& labels) {
    using enum LabelRequirement::Operator;
    const auto label = labels.find(requirement.key);
    const bool exists = label != labels.end();
    const bool listed = exists && requirement.values.contains(label->second);
    switch (requirement.op) {
    case In:
        return listed;
    case NotIn:
        return !listed;
    case Exists:
        return exists;
    case DoesNotExist:
        return !exists;
    }
    return false;
}

} // namespace

bool matches(const LabelSelector& selector, const Labels& labels) {
    const auto same = [&](const auto& wanted) {
        const auto label = labels.find(wanted.first);
        return label != labels.end() && label->second == wanted.second;
    };
    return std::ranges::all_of(selector.match_labels, same) &&
           std::ranges::all_of(selector.match_expressions, [&](const auto& r) { return holds(r, labels); });
}

} // namespace flowgen
