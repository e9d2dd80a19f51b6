// The flows of the pods attached to this node: what each port may send, and how packets reach the
// pods.
//
//   LocalPods ──► Classifier, PortSecurity, Routing
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/state/local_pod.h"

#include <vector>

namespace flowgen {

void compile_attachments(const std::vector<LocalPod>& pods, FlowStore& store);

} // namespace flowgen
