#include "flowgen/flow/flow_set.h"

namespace flowgen {

FlowDelta delta(const FlowSet& installed, const FlowSet& desired) {
    FlowDelta out;
    auto old = installed.begin();
    for (const auto& [key, body] : desired) {
        for (; old != installed.end() && old->first < key; ++old) out.removed.push_back(old->first);
        const bool present = old != installed.end() && old->first == key;
        if (!present || old->second != body) out.added_or_changed.emplace_back(key, body);
        if (present) ++old;
    }
    for (; old != installed.end(); ++old) out.removed.push_back(old->first);
    return out;
}

} // namespace flowgen
