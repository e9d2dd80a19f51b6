#include "tests/judge/fabric.h"

#include "flowgen/flow/flow.h"

namespace judge {

namespace {

constexpr int kHopLimit = 3; ///< a packet crosses the underlay once; more is a loop

} // namespace

std::string Place::text() const {
    return node + " port " + (port == flowgen::kLocalPort ? "LOCAL" : std::to_string(port));
}

outcome::Result<Fabric> Fabric::build(const std::map<std::string, FabricNode>& nodes) {
    Fabric fabric;
    for (const auto& [name, node] : nodes) {
        auto bridge = Bridge::load(node.flows);
        if (!bridge) return outcome::fail("node " + name + ": " + bridge.error().message);
        fabric.nodes_.emplace(name, Member{.tunnel_port = node.tunnel_port,
                                           .tunnel_address = node.tunnel_address,
                                           .bridge = std::move(*bridge)});
    }
    return fabric;
}

outcome::Result<void> Fabric::reload(const std::map<std::string, FabricNode>& nodes) {
    for (const auto& [name, node] : nodes) {
        auto reloaded = nodes_.at(name).bridge.reload(node.flows);
        if (!reloaded) return outcome::fail("node " + name + ": " + reloaded.error().message);
    }
    return {};
}

void Fabric::forget_connections() {
    for (auto& [name, member] : nodes_) member.bridge.connections() = Connections();
}

const std::string* Fabric::node_at(const IpAddress& tunnel_address) const {
    for (const auto& [name, member] : nodes_) {
        if (member.tunnel_address == tunnel_address) return &name;
    }
    return nullptr;
}

Journey Fabric::send(const Place& from, const Frame& frame) {
    Journey journey;
    cross(from, frame, std::nullopt, 0, journey);
    return journey;
}

Journey Fabric::receive_tunnelled(const std::string& node, const Frame& frame, const Encapsulation& tunnel) {
    Journey journey;
    cross({.node = node, .port = nodes_.at(node).tunnel_port}, frame, tunnel, 0, journey);
    return journey;
}

void Fabric::cross(const Place& at, const Frame& frame, const std::optional<Encapsulation>& tunnel, int hops,
                   Journey& journey) {
    if (hops > kHopLimit) {
        journey.error = "the bridges send the packet round and round";
        return;
    }
    journey.last_node = at.node;
    auto& member = nodes_.at(at.node);
    const auto passage = member.bridge.receive(frame, at.port, tunnel);
    for (const auto& step : passage.trace) {
        journey.trace += "  " + at.node + " table " + std::to_string(step.table) + ": " + step.flow + "\n";
    }
    if (!passage.error.empty()) journey.error = at.node + ": " + passage.error;
    for (const auto& emission : passage.emissions) {
        if (emission.port != member.tunnel_port) {
            journey.arrivals.push_back({.place = {.node = at.node, .port = emission.port}, .frame = emission.frame});
            continue;
        }
        if (!emission.tunnel) {
            journey.trace += "  " + at.node + ": into the tunnel without a destination\n";
            continue;
        }
        const auto* peer = node_at(emission.tunnel->destination);
        if (!peer) {
            journey.trace += "  no node has " + emission.tunnel->destination.text() + "\n";
            continue;
        }
        auto outer = *emission.tunnel;
        outer.source = member.tunnel_address;
        cross({.node = *peer, .port = nodes_.at(*peer).tunnel_port}, emission.frame, outer, hops + 1, journey);
    }
}

} // namespace judge
