// Fewer conjunctions for the same meaning.
//
//   rules ──► equal but for the subjects: one rule ──► … but for the peers ──► … but for the ports ──► rules
//
// (A×P×T) ∪ (B×P×T) = (A∪B)×P×T, so ten thousand namespaces that may each reach the DNS pods are one rule.
#pragma once

#include "flowgen/policy/rule_expansion.h"

#include <vector>

namespace flowgen {

/// The rules of one or both directions, merged; sorted by content. A merged rule keeps the least content of its parts.
[[nodiscard]] std::vector<PolicyRuleMatch> merge_rules(std::vector<PolicyRuleMatch> rules);

} // namespace flowgen
