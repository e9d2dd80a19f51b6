#include "flowgen/state/policy_selection.h"

#include "flowgen/state/label_selector.h"

#include <algorithm>

namespace flowgen {

bool isolates(const NetworkPolicy& policy, Direction direction) {
    if (policy.policy_types.empty()) return direction == Direction::Ingress || !policy.egress.empty();
    return std::ranges::find(policy.policy_types, direction) != policy.policy_types.end();
}

std::vector<const NetworkPolicy*> policies_selecting(const ClusterState& state, const std::string& namespace_name,
                                                     const Labels& labels, Direction direction) {
    std::vector<const NetworkPolicy*> out;
    auto place = state.policies.lower_bound({namespace_name, ""});
    for (; place != state.policies.end() && place->first.namespace_ == namespace_name; ++place)
        if (isolates(place->second, direction) && matches(place->second.pod_selector, labels))
            out.push_back(&place->second);
    return out;
}

} // namespace flowgen
