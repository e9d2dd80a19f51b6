// One connection to the database with its monitor: keeps the view current, runs transactions. For this folder's sources
// only.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/switch/ovsdb/json_rpc.h"
#include "daemonset/switch/ovsdb/switch_database.h"
#include "daemonset/switch/ovsdb/transaction.h"

#include <set>

namespace agent {

class DatabaseSession : public std::enable_shared_from_this<DatabaseSession> {
  public:
    DatabaseSession(const boost::asio::any_io_executor& executor, std::string socket);

    /// Connects and reads the whole view.
    Task<outcome::Result<void>> open();

    /// The results of the transaction's operations. When this returns, the view shows the effect of
    /// the transaction.
    Task<outcome::Result<Json>> run(Transaction transaction);

    /// Returns when the view shows all earlier transactions of any client.
    Task<outcome::Result<void>> refresh();

    /// Returns when the switch has applied the configuration with this number. `what` begins the
    /// error.
    Task<outcome::Result<void>> followed(std::int64_t configuration, std::string what);

    /// Waits for the view to change or the connection to end, at most until the deadline.
    Task<bool> changed(TimePoint deadline) { return changed_.wait_until(deadline); }

    Task<DatabaseEvent> next_event();
    void close(outcome::Error reason) { rpc_->close(std::move(reason)); }

    [[nodiscard]] const DatabaseView& view() const { return view_; }
    [[nodiscard]] const std::optional<outcome::Error>& lost() const { return rpc_->lost(); }
    [[nodiscard]] const std::string& path() const { return rpc_->path(); }
    [[nodiscard]] std::uint32_t next_ofport();

  private:
    void take_update(const Json& tables);
    void take_row(const std::string& table, const RowId& id, const Json& row);
    void take_port(const RowId& id, const Json& row);
    void take_interface(const RowId& id, const Json& row);
    void take_bridge(const RowId& id, const Json& row);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<JsonRpc> rpc_;
    DatabaseView view_;
    std::set<std::string> changed_interfaces_;
    bool changed_bridge_ = false;
    std::uint32_t last_ofport_ = 0;
    Wakeup changed_;
    Wakeup event_;
};

} // namespace agent
