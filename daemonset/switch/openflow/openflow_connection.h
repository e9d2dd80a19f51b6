// The OpenFlow connection to a bridge, over its management socket.
//
//                    ┌─ apply(delta): open bundle, flow-mods, barrier, look at the errors, commit or discard
//   connect ─────────┼─ dump(): every flow in every table
//   (hello, flow     ├─ ensure_option_mapping(): tun_metadata0 stands for our Geneve option
//    monitor)        └─ next_event(): another controller changed flows, or the connection is gone
//
// One thread: everything runs on the executor of the coroutine that connected. Calls may overlap;
// each has its own transaction ids, and concurrent output is combined in one write.
//
// Foreign changes are detected by a flow monitor (OFPMP_FLOW_MONITOR), which vswitchd serves within
// its next main loop. It reports the flow-mods of this connection as one short "abbreviated" record
// for each bundle and all others in full, so every full record is foreign. Polling would have to
// compare: the statistics that are cheap to poll count flows and miss a changed action, and a full
// dump is not cheap. When the monitor overflows, vswitchd reports "paused", which counts as a
// foreign change. The monitor ends with the connection, as does everything that it could have
// missed.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/switch/openflow/flow_codec.h"

#include <memory>
#include <span>
#include <string>
#include <variant>

namespace agent {

class OpenFlowSession;

/// Flows that another controller has added, changed or removed since the last such event:
/// resynchronise.
struct ForeignChange {
    std::size_t flows = 0; ///< how many changes were seen, at least 1
    std::string example;   ///< one of them, such as "added table=10,priority=7,ip"
};

/// The switch is gone, or broke the protocol: connect again and resynchronise.
struct ConnectionLost {
    outcome::Error reason;
};

using SwitchEvent = std::variant<ForeignChange, ConnectionLost>;

class OpenFlowConnection {
  public:
    /// Connects to a bridge's management socket (RUNDIR/BRIDGE.mgmt), agrees on OpenFlow 1.5 and starts the flow
    /// monitor. Errors: no such socket, a bridge that does not speak 1.5, no answer in time.
    [[nodiscard]] static Task<outcome::Result<std::unique_ptr<OpenFlowConnection>>> connect(std::string socket);

    explicit OpenFlowConnection(std::shared_ptr<OpenFlowSession> session);
    OpenFlowConnection(const OpenFlowConnection&) = delete;
    OpenFlowConnection& operator=(const OpenFlowConnection&) = delete;
    ~OpenFlowConnection();

    /// Makes tun_metadata0 stand for the Geneve option of flowgen/flow/pipeline.h. Idempotent.
    /// Errors: another mapping conflicts with it (with its text, and how to remove it).
    [[nodiscard]] Task<outcome::Result<void>> ensure_option_mapping();

    /// All flows of all tables.
    [[nodiscard]] Task<outcome::Result<InstalledFlows>> dump();

    /// Deletes `foreign` and `delta.removed`, then adds or replaces `delta.added_or_changed`: one ordered, atomic
    /// bundle. Returns when the switch has confirmed that packets meet the new flows. On an error nothing has changed;
    /// it names the first flow that the switch refused and the switch's reason. The arguments must live until this
    /// returns.
    [[nodiscard]] Task<outcome::Result<void>> apply(const flowgen::FlowDelta& delta,
                                                    std::span<const ForeignFlow> foreign = {});

    /// Returns when the switch has processed everything that was sent before.
    [[nodiscard]] Task<outcome::Result<void>> barrier();

    /// Waits for the next event; after ConnectionLost, every call returns it again at once. For one reader at a time.
    [[nodiscard]] Task<SwitchEvent> next_event();

    /// Ends the connection; calls in flight fail.
    void close();

  private:
    std::shared_ptr<OpenFlowSession> session_;
};

} // namespace agent
