// Services: a packet from a pod to a ClusterIP goes to the pod's own host, where kube-proxy chooses
// the backend.
//
//   pod ─► Service: to a ClusterIP ─► Commit as a connection of its own ─► gateway ─► kube-proxy translates
//   gateway ─► Classifier: from the pod, via host ─► policy, as to any pod
//   gateway ◄─ reply of the backend, via host; translated back ─► Conntrack: reply of that connection ─► pod
//
// Policy is not evaluated here: policy is about backends, and it is evaluated when the packet comes
// back with the backend's address. The connection to the ClusterIP is tracked, so a packet with a
// ClusterIP as its source passes only if it is a reply to the pod. Any sender outside could forge
// such a source.
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/state/cluster_state.h"

#include <vector>

namespace flowgen {

/// Flows of the service ranges; none where the cluster's state names none.
void compile_services(const std::vector<Prefix>& service_cidrs, const LocalNode& local, FlowStore& store);

} // namespace flowgen
