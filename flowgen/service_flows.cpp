// Services: what a pod sends to a ClusterIP goes to its own host, where kube-proxy chooses the backend.
//
//   pod ─► Service: to a ClusterIP ─► Commit as a connection of its own ─► gateway ─► kube-proxy translates
//   gateway ─► Classifier: from the pod, via host ─► policy, as to any pod
//   gateway ◄─ reply of the backend, via host; translated back ─► Conntrack: reply of that connection ─► pod
//
// Policy is not asked here: it speaks of backends, and the packet meets it when it comes back with the backend's
// address. The connection to the ClusterIP is tracked, so that what arrives with a ClusterIP as its source is let
// through when it answers the pod and not otherwise: from outside, anybody can write such an address.
#include "flowgen/packet_action.h"
#include "flowgen/packet_match.h"
#include "flowgen/topology.h"

namespace flowgen {

void compile_services(const Topology& topology, FlowStore& store) {
    using namespace ct_state;
    const Owner owner{OwnerCategory::Pipeline, "Service"};
    const auto& local = topology.local;
    const Match tracked = Match().set(Field::ct_state, kTracked, kTracked);
    const Actions to_host{set(kOutputPort, kLocalPort), set(Field::eth_dst, local.gateway_mac.bits()),
                          to(Table::Output)};
    Actions commit_to_host{Ct{true, kConntrackZone, std::nullopt, {set(Field::ct_mark, kMarkAdmitted, kMarkAll)}}};
    commit_to_host.insert(commit_to_host.end(), to_host.begin(), to_host.end());
    for (const auto& range : topology.state.service_cidrs) {
        const Match to_service = ip_to(range);
        // Only pods are served: the host translates before it routes, and other nodes do for their own pods.
        store.add(Table::Service, 120, Match(to_service).set(Field::in_port, kLocalPort), {}, owner);
        store.add(Table::Service, 120, Match(to_service).set(Field::in_port, local.tunnel_ofport), {}, owner);
        store.add(Table::Service, 110,
                  Match(to_service).merge(Match().set(Field::ct_state, kTracked | kInvalid, kTracked | kInvalid)), {},
                  owner);
        store.add(Table::Service, 105,
                  Match(to_service).merge(tracked).set(Field::ct_mark, kMarkAdmitted, kMarkAdmitted | kMarkBlocked),
                  to_host, owner);
        store.add(Table::Service, 100, to_service, commit_to_host, owner);
    }
}

} // namespace flowgen
