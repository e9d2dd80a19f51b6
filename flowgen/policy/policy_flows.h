// The flows of NetworkPolicy: the allowed traffic, in Egress, Ingress and EgressPrecheck. The
// default deny of isolated pods is in the pipeline's own flows.
//
//   policies ──► expand ──► merge ──► conjunctions in bands of priority ──► FlowStore
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/policy/rule_expansion.h"

namespace flowgen {

/// `conjunctions_per_flow`: how many conjunctions one flow may carry before rules move to the next lower priority.
void compile_policies(const PolicyContext& context, int conjunctions_per_flow, FlowStore& store);

/// For this node's egress-isolated pods: traffic that some rule could allow towards a pod on
/// another node, and the replies to it.
void compile_precheck_rules(const PolicyContext& context, FlowStore& store);

} // namespace flowgen
