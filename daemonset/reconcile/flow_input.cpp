#include "daemonset/reconcile/flow_input.h"

#include "daemonset/host/gateway.h"

namespace agent {

outcome::Result<CompileInput> FlowInput::read() {
    if (!node_.cluster) return outcome::fail(source_.last_error());
    if (!node_.host) return outcome::fail("the host's network has not been read yet");
    if (!attachments_.loaded() || node_.tunnel_ofport == 0)
        return outcome::fail("the switch's database has not been read yet");
    const auto& configuration = node_.configuration;
    return CompileInput{.cluster = node_.cluster,
                        .local = {.name = configuration.node,
                                  .tunnel_ofport = node_.tunnel_ofport,
                                  .tunnel_address = node_.host->underlay.address,
                                  .gateway_mac = gateway_mac(configuration.node),
                                  .host_addresses = node_.host->addresses,
                                  .attachments = attachments_.for_compile(),
                                  .writes_nd_options = configuration.datapath == Datapath::Netdev}};
}

} // namespace agent
