// Whether a label selector matches a label set. Source: Kubernetes API reference, LabelSelector.
#pragma once

#include "flowgen/state/cluster_state.h"

namespace flowgen {

/// All of matchLabels and all of matchExpressions hold; an empty selector matches everything.
/// NotIn and DoesNotExist hold where the key is absent.
[[nodiscard]] bool matches(const LabelSelector& selector, const Labels& labels);

} // namespace flowgen
