// Services: what a pod sends to a ClusterIP goes to its own host, where kube-proxy chooses the backend.
//
//   pod ─► Service: to a ClusterIP ─► Commit as a connection of its own ─► gateway ─► kube-proxy translates
//   gateway ─► Classifier: from the pod, via host ─► policy, as to any pod
//   gateway ◄─ reply of the backend, via host; translated back ─► Conntrack: reply of that connection ─► pod
//
// Policy is not asked here: it speaks of backends, and the packet meets it when it comes back with the backend's
// address. The connection to the ClusterIP is tracked, so that what arrives with a ClusterIP as its source is let
// through when it answers the pod and not otherwise: from outside, anybody can write such an address.
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/state/cluster_state.h"

#include <vector>

namespace flowgen {

/// Flows of the service ranges; none where the cluster's state names none.
void compile_services(const std::vector<Prefix>& service_cidrs, const LocalNode& local, FlowStore& store);

} // namespace flowgen
