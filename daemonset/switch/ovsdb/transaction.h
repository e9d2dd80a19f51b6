// One transaction of OVSDB, operation by operation, and the notation of its values. Source: RFC 7047, sections 5.1
// and 5.2. For this folder's sources only.
#pragma once

#include "daemonset/switch/ovsdb/database_view.h"
#include "daemonset/switch/ovsdb/json_rpc.h"

#include <set>
#include <string>

namespace agent {

[[nodiscard]] Json uuid(const RowId& id);
/// A reference to a row inserted by the same transaction, by its name there.
[[nodiscard]] Json named_uuid(const std::string& name);
[[nodiscard]] Json set_of(Json elements);
[[nodiscard]] Json map_of(const TextMap& map);
[[nodiscard]] Json where_name(const std::string& name);

class Transaction {
  public:
    Transaction();

    /// Each of these adds an operation and returns its index, where its result will be.
    std::size_t insert(const std::string& table, const std::string& name, Json row);
    std::size_t update(const std::string& table, Json where, Json row);
    /// One mutation of one column; `mutator` as in RFC 7047, such as "insert" or "+=".
    std::size_t mutate(const std::string& table, Json where, const std::string& column, const std::string& mutator,
                       Json value);
    std::size_t select(const std::string& table, const std::string& column);
    /// The transaction fails unless a row of this name exists.
    std::size_t require(const std::string& table, const std::string& name);
    /// Increments the configuration number, which the switch copies to cur_cfg once it has applied
    /// it. Index of its value.
    std::size_t count_configuration();

    [[nodiscard]] bool empty() const { return params_.size() == 1; }
    [[nodiscard]] Json take() { return std::move(params_); }

  private:
    std::size_t add(Json operation);
    Json params_;
};

/// The results of a transaction's operations. Errors: the database's reason, as "constraint violation: …".
[[nodiscard]] outcome::Result<Json> results(const Json& answer);

} // namespace agent
