// A small model of connection tracking: the memory of one node's conntrack, without time-outs and
// windows.
#pragma once

#include "tests/judge/frame.h"

#include <cstdint>
#include <map>
#include <utility>

namespace judge {

struct Connection {
    std::uint32_t mark = 0;
    U128 label = 0;
    bool answered = false; ///< a reply was seen, so the original direction is established
};

/// The result of `ct` for a packet; bits as in the Open vSwitch field ct_state. Source:
/// ovs-fields(7).
struct Tracked {
    std::uint8_t state = 0;
    const Connection* connection = nullptr; ///< null when it belongs to none
};

class Connections {
  public:
    /// The state of `frame` in `zone`. A reply marks its connection as answered. An error about a
    /// packet of a connection is related to it, in the reply direction when the packet was of the
    /// original one (as in nf_conntrack).
    [[nodiscard]] Tracked look_up(std::uint16_t zone, const Frame& frame);

    /// The connection of `frame`, created by it if there is none; null when it cannot create one.
    /// With `force`, a packet in reply direction ends its connection and creates one of its own.
    [[nodiscard]] Connection* commit(std::uint16_t zone, const Frame& frame, bool force);

    [[nodiscard]] std::size_t size() const { return connections_.size(); }
    /// In this zone alone.
    [[nodiscard]] std::size_t size(std::uint16_t zone) const;

  private:
    using Key = std::pair<std::uint16_t, Tuple>; ///< of the original direction

    struct Found {
        Connection* connection = nullptr;
        bool reply = false;
    };
    [[nodiscard]] Found find(std::uint16_t zone, const Tuple& tuple);

    std::map<Key, Connection> connections_;
};

} // namespace judge
