// The switch's configuration database (OVSDB): the bridge, its ports, and the record of every attachment.
//
//   ovs-vswitchd ◄──► ovsdb-server ◄── transactions ── SwitchDatabase ──► view(), next_event()
//                          └────────── monitor ──────────────┘
//
// Spoken here is JSON-RPC (RFC 7047) over Boost.Asio with nlohmann/json, and not libopenvswitch's own client, the IDL.
// Both were tried with the same servers. Speed does not decide: a port was added and its ofport known after 1.6 ms by
// the IDL and 1.1 ms by this. The rest does. The IDL keeps its socket to itself and waits only in its own poll loop
// (ovsdb_idl_wait registers with a thread-local poll_block), so that an Asio program would have to give it a thread and
// pass every row across. A transaction is a state machine to be polled (ovsdb_idl_txn_commit, until it is no longer
// TXN_INCOMPLETE), one at a time for each IDL, where parallel CNI calls want many under way. And where its
// expectations fail it ends the process (ovs_assert, OVS_NOT_REACHED); this code returns an error. What the IDL offers
// beyond (clustered databases, conditional monitors, change tracking) is not needed for one local server.
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

/// What the bridge must be like.
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
    std::uint32_t ofport = 0; ///< the ofport asked for; 0 leaves the choice to the switch
    TextMap options;
    TextMap external_ids;
};

/// When a removal is done.
enum class RemovalWait : std::uint8_t {
    Database, ///< the row is gone: a reader of the database no longer sees the port
    Switch,   ///< the switch has let go of the device as well
};

/// Rows changed in the view, by whomever.
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

    /// The rows as the server last told them. Valid until the next suspension of the caller.
    [[nodiscard]] const DatabaseView& view() const;

    /// An ofport that no interface has, asked for, or was given by this function before, as long as there are such.
    /// From 1 to 65,279; rotates, so that a number just freed comes last.
    [[nodiscard]] std::uint32_t next_ofport();

    /// Creates the bridge or corrects what differs: datapath, fail-mode secure, protocols 1.0, 1.3 and 1.5, MAC and MTU
    /// of its own port, table names. Waits for the switch to follow. Nothing is written when nothing differs.
    [[nodiscard]] Task<outcome::Result<void>> ensure_bridge(BridgeSettings settings);

    /// Adds the port, or corrects type, options and external_ids of the one with this name; returns its ofport.
    /// For ports that the switch makes itself, such as the tunnel's.
    [[nodiscard]] Task<outcome::Result<std::uint32_t>> ensure_port(std::string bridge, PortRequest request);

    /// Adds a port in one transaction and waits until the switch uses it; returns its ofport. A port that the switch
    /// cannot use is removed again. Errors: the name is taken, no such bridge, the switch's own words for the failure.
    [[nodiscard]] Task<outcome::Result<std::uint32_t>> add_port(std::string bridge, PortRequest request);

    /// Removes these ports from the bridge, in one transaction; names that have no port are passed over.
    [[nodiscard]] Task<outcome::Result<void>> remove_ports(std::string bridge, std::vector<std::string> names,
                                                           RemovalWait wait);

    /// Replaces the external_ids of an interface. Errors: no such interface.
    [[nodiscard]] Task<outcome::Result<void>> write_record(std::string interface, TextMap external_ids);

    /// Removes the bridge and all its ports, and waits until the switch has let go of them; returns whether there was
    /// one of this name.
    [[nodiscard]] Task<outcome::Result<bool>> remove_bridge(std::string name);

    /// Tells the switch that its flows are all back: removes flow-restore-wait, and waits until it has followed.
    [[nodiscard]] Task<outcome::Result<void>> end_flow_restore();

    /// Returns when the switch has done all that the database said before.
    [[nodiscard]] Task<outcome::Result<void>> settle();

    /// Waits for the next event; after DatabaseLost, every call returns it again at once. For one reader at a time.
    [[nodiscard]] Task<DatabaseEvent> next_event();

    /// Ends the connection; calls under way fail.
    void close();

  private:
    std::shared_ptr<DatabaseSession> session_;
};

} // namespace agent
