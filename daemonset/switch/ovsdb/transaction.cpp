#include "daemonset/switch/ovsdb/transaction.h"

namespace agent {

using outcome::fail;
using outcome::Result;

Json uuid(const RowId& id) { return Json::array({"uuid", id}); }

Json named_uuid(const std::string& name) { return Json::array({"named-uuid", name}); }

Json set_of(Json elements) { return Json::array({"set", std::move(elements)}); }

Json map_of(const TextMap& map) {
    Json pairs = Json::array();
    for (const auto& [key, value] : map) pairs.push_back(Json::array({key, value}));
    return Json::array({"map", std::move(pairs)});
}

Json where_name(const std::string& name) { return Json::array({Json::array({"name", "==", name})}); }

Transaction::Transaction() : params_(Json::array({"Open_vSwitch"})) {}

std::size_t Transaction::add(Json operation) {
    params_.push_back(std::move(operation));
    return params_.size() - 2; // the first parameter is the database's name
}

std::size_t Transaction::insert(const std::string& table, const std::string& name, Json row) {
    return add({{"op", "insert"}, {"table", table}, {"uuid-name", name}, {"row", std::move(row)}});
}

std::size_t Transaction::update(const std::string& table, Json where, Json row) {
    return add({{"op", "update"}, {"table", table}, {"where", std::move(where)}, {"row", std::move(row)}});
}

std::size_t Transaction::mutate(const std::string& table, Json where, const std::string& column,
                                const std::string& mutator, Json value) {
    auto mutations = Json::array({Json::array({column, mutator, std::move(value)})});
    return add({{"op", "mutate"}, {"table", table}, {"where", std::move(where)}, {"mutations", std::move(mutations)}});
}

std::size_t Transaction::select(const std::string& table, const std::string& column) {
    return add({{"op", "select"}, {"table", table}, {"where", Json::array()}, {"columns", Json::array({column})}});
}

std::size_t Transaction::require(const std::string& table, const std::string& name) {
    Json operation{{"op", "wait"}, {"table", table}, {"where", where_name(name)}, {"until", "=="}, {"timeout", 0}};
    operation["columns"] = Json::array({"name"});
    operation["rows"] = Json::array({Json{{"name", name}}});
    return add(std::move(operation));
}

std::size_t Transaction::count_configuration() {
    mutate("Open_vSwitch", Json::array(), "next_cfg", "+=", 1);
    return select("Open_vSwitch", "next_cfg");
}

Result<Json> results(const Json& answer) {
    for (const auto& result : answer)
        if (result.is_object() && result.contains("error"))
            return fail(result.at("error").get<std::string>() + ": " + result.value("details", ""));
    return answer;
}

} // namespace agent
