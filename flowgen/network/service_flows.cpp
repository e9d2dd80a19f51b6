#include "flowgen/network/service_flows.h"

#include "flowgen/flow/packet_action.h"
#include "flowgen/flow/packet_match.h"

namespace flowgen {

void compile_services(const std::vector<Prefix>& service_cidrs, const LocalNode& local, FlowStore& store) {
    using namespace ct_state;
    const Owner owner{OwnerCategory::Pipeline, "Service"};
    const Match tracked = Match().set(Field::ct_state, kTracked, kTracked);
    const Actions to_host{set(kOutputPort, kLocalPort), set(Field::eth_dst, local.gateway_mac.bits()),
                          to(Table::Output)};
    Actions commit_to_host{
        Ct{.commit = true, .zone = kSenderZone, .exec = {set(Field::ct_mark, kMarkAdmitted, kMarkDecision)}}};
    commit_to_host.insert(commit_to_host.end(), to_host.begin(), to_host.end());
    for (const auto& range : service_cidrs) {
        const Match to_service = ip_to(range);
        // Only pods are served here: the host translates before it routes, and other nodes serve
        // their own pods.
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
