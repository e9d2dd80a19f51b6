// The switch's configuration database (OVSDB): the bridge, its ports, and the record of every attachment.
//
//   ovs-vswitchd ◄──► ovsdb-server ◄── transactions ── SwitchDatabase ──► view(), next_event()
//                          └────────── monitor ──────────────┘
//
// It is JSON-RPC (RFC 7047) over Boost.Asio with nlohmann/json, and not libopenvswitch's own
// client, the IDL. Both were tried with the same servers. Speed does not decide: adding a port
// until its ofport was known took 1.6 ms with the IDL and 1.1 ms with this code. The rest does. The
// IDL keeps its socket to itself and waits only in its own poll loop (ovsdb_idl_wait registers with
// a thread-local poll_block), so an Asio program would have to give it a thread and pass every row
// across. A transaction is a state machine to be polled (ovsdb_idl_txn_commit, until it is no
// longer TXN_INCOMPLETE), one at a time for each IDL, where parallel CNI calls need many in flight.
// And where its expectations fail it aborts the process (ovs_assert, OVS_NOT_REACHED); this code
// returns an error. The other features of the IDL (clustered databases, conditional monitors,
// change tracking) are not needed for one local server.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/switch/ovsdb/database_view.h"
#include "ipam/address.h"
#include "outcome/result.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace agent {

/// The required settings of the bridge.
struct BridgeSettings {
    std::string name = "br-int";
    std::string datapath = "system"; ///< "system" (the kernel's) or "netdev" (userspace)
    ipam::MacAddress gateway_mac;    ///< of the bridge's own port
    int mtu = 0;                     ///< of the bridge's own port, in bytes; 0 leaves it to the switch
};

/// A port to be added to the bridge, with one interface of the same name.
struct PortRequest {
    std::string name;
    std::string type;         ///< "" for an existing network device, "internal", "geneve" …
    std::uint32_t ofport = 0; ///< the requested ofport; 0 leaves the choice to the switch
    TextMap options;
    TextMap external_ids;
};

/// When a removal counts as done.
enum class RemovalWait : std::uint8_t {
    Database, ///< the row is gone: a reader of the database no longer sees the port
    Switch,   ///< the switch has released the device as well
};

/// Rows changed in the view, by any client.
struct DatabaseChange {
    std::vector<std::string> interfaces; ///< names of those added, changed or removed, sorted
    bool bridge = false;                 ///< a Bridge or Flow_Table row changed, or flow_restore_wait
};

/// The server is gone: connect again.
struct DatabaseLost {
    outcome::Error reason;
};

using DatabaseEvent = std::variant<DatabaseChange, DatabaseLost>;

class DatabaseSession;

class SwitchDatabase {
  public:
    /// Connects to ovsdb-server's unix socket and reads the whole view.
    [[nodiscard]] static Task<outcome::Result<std::unique_ptr<SwitchDatabase>>> connect(std::string socket);

    explicit SwitchDatabase(std::shared_ptr<DatabaseSession> session);
    SwitchDatabase(const SwitchDatabase&) = delete;
    SwitchDatabase& operator=(const SwitchDatabase&) = delete;
    ~SwitchDatabase();

    /// The rows as last received from the server. Valid until the next suspension of the caller.
    [[nodiscard]] const DatabaseView& view() const;

    /// An ofport that no interface has or requests, and that this function has not returned before,
    /// as long as there are such. From 1 to 65,279; rotates, so that a number just freed comes
    /// last.
    [[nodiscard]] std::uint32_t next_ofport();

    /// Creates the bridge or corrects what differs: datapath, fail-mode secure, protocols 1.0, 1.3
    /// and 1.5, MAC and MTU of its own port, table names. Waits for the switch to apply them.
    /// Nothing is written when nothing differs.
    [[nodiscard]] Task<outcome::Result<void>> ensure_bridge(BridgeSettings settings);

    /// Adds the port, or corrects type, options and external_ids of the one with this name; returns its ofport.
    /// For ports that the switch creates itself, such as the tunnel's.
    [[nodiscard]] Task<outcome::Result<std::uint32_t>> ensure_port(std::string bridge, PortRequest request);

    /// Adds a port in one transaction and waits until the switch uses it; returns its ofport. A
    /// port that the switch cannot use is removed again. Errors: the name is in use, no such
    /// bridge, the switch's own reason for the failure.
    [[nodiscard]] Task<outcome::Result<std::uint32_t>> add_port(std::string bridge, PortRequest request);

    /// Removes these ports from the bridge, in one transaction; names that have no port are
    /// skipped.
    [[nodiscard]] Task<outcome::Result<void>> remove_ports(std::string bridge, std::vector<std::string> names,
                                                           RemovalWait wait);

    /// Replaces the external_ids of an interface. Errors: no such interface.
    [[nodiscard]] Task<outcome::Result<void>> write_record(std::string interface, TextMap external_ids);

    /// Removes the bridge and all its ports, and waits until the switch has released them; returns
    /// whether a bridge of this name existed.
    [[nodiscard]] Task<outcome::Result<bool>> remove_bridge(std::string name);

    /// Ends the switch's wait for its flows: removes flow-restore-wait, and waits until the switch
    /// has applied that.
    [[nodiscard]] Task<outcome::Result<void>> end_flow_restore();

    /// Returns when the switch has applied all earlier changes of the database.
    [[nodiscard]] Task<outcome::Result<void>> settle();

    /// Waits for the next event; after DatabaseLost, every call returns it again at once. For one reader at a time.
    [[nodiscard]] Task<DatabaseEvent> next_event();

    /// Ends the connection; calls in flight fail.
    void close();

  private:
    std::shared_ptr<DatabaseSession> session_;
};

} // namespace agent
