// The flows of one bridge, and how two such sets differ.
//
//   desired FlowSet ──┐
//                     ├─► delta ──► flow-mods of one bundle
//   installed FlowSet ┘
#pragma once

#include "flowgen/flow/flow.h"

#include <map>
#include <string>
#include <vector>

namespace flowgen {

/// Every flow once, in FlowKey order: same flows, same bytes.
using FlowSet = std::map<FlowKey, FlowBody>;

struct FlowDelta {
    std::vector<FlowKey> removed;
    std::vector<std::pair<FlowKey, FlowBody>> added_or_changed;

    [[nodiscard]] bool empty() const { return removed.empty() && added_or_changed.empty(); }
    bool operator==(const FlowDelta&) const = default;
};

/// The changes that turn `installed` into `desired`. A flow whose actions or cookie differ is
/// changed: adding it again replaces both and keeps only its place.
[[nodiscard]] FlowDelta delta(const FlowSet& installed, const FlowSet& desired);

} // namespace flowgen
