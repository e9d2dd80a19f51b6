// The bridges of a whole cluster and the underlay between them: a packet that leaves one bridge
// through its tunnel port enters another.
//
//   Place, Frame ──► Bridge of the node ──► pod port or LOCAL ──► Arrival
//                          │ tunnel port                  ▲
//                          └──► Bridge of the node that has the tunnel destination
#pragma once

#include "flowgen/state/cluster_state.h"
#include "tests/judge/pipeline_walk.h"

#include <map>
#include <string>
#include <vector>

namespace judge {

/// A port of a node's bridge: the end of a pod's veth, or kLocalPort for the node's host.
struct Place {
    std::string node;
    std::uint16_t port = 0;

    auto operator<=>(const Place&) const = default;
    [[nodiscard]] std::string text() const;
};

struct Arrival {
    Place place;
    Frame frame;
};

struct Journey {
    std::vector<Arrival> arrivals; ///< one for a delivered packet, none for a dropped one
    std::string last_node;         ///< whose bridge handled the packet last
    std::string trace;             ///< a line for each matched flow, "NODE TABLE FLOW"
    std::string error;             ///< flows that the walk cannot follow; empty normally

    [[nodiscard]] bool delivered_to(const Place& place) const {
        return arrivals.size() == 1 && arrivals.front().place == place;
    }
};

/// A node's bridge: its flows, as lines, and its tunnel endpoint.
struct FabricNode {
    std::uint16_t tunnel_port = 0;
    IpAddress tunnel_address;
    std::vector<std::string> flows;
};

class Fabric {
  public:
    /// Errors: those of Bridge::load, with the node's name.
    [[nodiscard]] static outcome::Result<Fabric> build(const std::map<std::string, FabricNode>& nodes);

    /// New flows on every node named; connections stay. Errors: those of Bridge::reload.
    [[nodiscard]] outcome::Result<void> reload(const std::map<std::string, FabricNode>& nodes);

    /// The fate of `frame` when it enters at `from`, over all bridges that it crosses.
    [[nodiscard]] Journey send(const Place& from, const Frame& frame);

    /// A packet from the underlay at this node's tunnel port, as a sender at `tunnel.source` may
    /// send it.
    [[nodiscard]] Journey receive_tunnelled(const std::string& node, const Frame& frame, const Encapsulation& tunnel);

    /// Connections that the node's conntrack holds.
    [[nodiscard]] std::size_t connections(const std::string& node) {
        return nodes_.at(node).bridge.connections().size();
    }
    [[nodiscard]] std::size_t connections(const std::string& node, std::uint16_t zone) {
        return nodes_.at(node).bridge.connections().size(zone);
    }
    void forget_connections();
    void forget_connections(const std::string& node) { nodes_.at(node).bridge.connections() = Connections(); }

  private:
    struct Member {
        std::uint16_t tunnel_port = 0;
        IpAddress tunnel_address;
        Bridge bridge;
    };

    void cross(const Place& at, const Frame& frame, const std::optional<Encapsulation>& tunnel, int hops,
               Journey& journey);
    [[nodiscard]] const std::string* node_at(const IpAddress& tunnel_address) const;

    std::map<std::string, Member> nodes_;
};

} // namespace judge
