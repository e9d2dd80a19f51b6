// Runs one bridge as Open vSwitch would: packets enter at a port and leave at others, flow by flow.
//
//   Frame, in_port ──► table 0 ──► lookup ──► actions ──► goto_table ──► ... ──► Emission for each output
//                         ▲                      │
//                         └── ct(table=N) ◄──────┘ Connections
//
// The classifier, the parsing, the checks and the field arithmetic are libopenvswitch's own. Only
// the order of execution is written here, after ofproto/ofproto-dpif-xlate.c.
#pragma once

#include "outcome/result.h"
#include "tests/judge/connections.h"
#include "tests/judge/frame.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct OvsTables;

namespace judge {

/// One flow that a packet matched; `flow` is its line, or the reason why no flow decided.
struct Step {
    std::uint8_t table = 0;
    std::string flow;
};

/// A packet that left the bridge.
struct Emission {
    std::uint16_t port = 0;
    Frame frame;
    std::optional<Encapsulation> tunnel; ///< set when the pipeline wrote a tunnel destination
};

struct Passage {
    std::vector<Emission> emissions;
    std::vector<Step> trace;
    std::string error; ///< an unknown action, or a loop; empty normally
};

class Bridge {
  public:
    /// A bridge with these flows, lines as `ovs-ofctl -O OpenFlow15 add-flows` reads them; comments are skipped.
    /// Errors: a line that cannot be parsed, that a switch would refuse, or whose match an earlier line has.
    [[nodiscard]] static outcome::Result<Bridge> load(std::span<const std::string> lines);

    /// Replaces the flows and keeps the connections, as an agent that installs a new state does.
    [[nodiscard]] outcome::Result<void> reload(std::span<const std::string> lines);

    /// The fate of `frame` when it enters at `in_port`, out of `tunnel` if that is set.
    [[nodiscard]] Passage receive(const Frame& frame, std::uint16_t in_port,
                                  const std::optional<Encapsulation>& tunnel = std::nullopt);

    [[nodiscard]] Connections& connections() { return connections_; }

  private:
    struct Release {
        void operator()(OvsTables* tables) const;
    };
    using Tables = std::unique_ptr<OvsTables, Release>;

    explicit Bridge(Tables tables) : tables_(std::move(tables)) {}
    [[nodiscard]] static outcome::Result<Tables> build(std::span<const std::string> lines);

    Tables tables_;
    Connections connections_;
};

} // namespace judge
