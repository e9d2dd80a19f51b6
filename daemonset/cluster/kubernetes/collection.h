// The objects of one kind: decoded, compared, and stored in their map.
//
//   listed ──► staged ──(end_list: the difference)──┐
//   changed, deleted ───────────────────────────────┴─► map ──► ChangeRecord
//   not readable ──► logged once; its last readable version stays, or its substitute
#pragma once

#include "daemonset/base/log.h"
#include "daemonset/cluster/kubernetes/change_record.h"
#include "daemonset/cluster/kubernetes/object_key.h"
#include "daemonset/cluster/kubernetes/object_sink.h"
#include "flowgen/state/cluster_state.h"
#include "outcome/result.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace agent::kubernetes {

/// A value in place of one that cannot be read, and the consequence, in words.
template <typename Value> struct Substitute {
    Value value;
    std::string consequence;
};

/// `Map` is by name (std::string), by namespace and name (flowgen::ObjectName) or by uid (Uid), and outlives it.
template <typename Map> class Collection : public ObjectSink {
  public:
    using Key = typename Map::key_type;
    using Value = typename Map::mapped_type;

    /// How the objects are read, and what depends on them.
    struct Rules {
        std::string kind;
        std::string api_version; ///< objects of a list do not carry these two
        std::function<outcome::Result<Value>(const nlohmann::json&)> decode;
        /// The value in place of an object that `decode` refuses. Empty, or nothing: its last
        /// readable version.
        std::function<std::optional<Substitute<Value>>(const nlohmann::json&)> substitute{};
        /// Called with each value that enters or leaves the map; return whether that changed the
        /// state. Empty: it always does.
        std::function<bool(const Value&)> entered{};
        std::function<bool(const Value&)> left{};
        /// Names a value where the keys are not names.
        std::function<std::string(const Value&)> text{};
    };

    Collection(Rules rules, Map& map, ChangeRecord& record) : rules_(std::move(rules)), map_(map), record_(record) {}

    void begin_list() override {
        staged_.clear();
        still_wrong_.clear();
    }

    void listed(nlohmann::json object) override {
        const auto key = key_of(object);
        if (auto value = read(key, std::move(object)))
            staged_.insert_or_assign(key, std::move(*value));
        else if (const auto last = map_.find(key); last != map_.end())
            staged_.insert_or_assign(key, last->second);
        if (wrong_.contains(key)) still_wrong_.insert(key);
    }

    void end_list() override {
        std::vector<Key> gone;
        for (const auto& [key, value] : map_)
            if (!staged_.contains(key)) gone.push_back(key);
        for (const auto& key : gone) remove(key);
        while (!staged_.empty()) { // one by one, so that a long list is never in memory twice
            auto next = staged_.extract(staged_.begin());
            put(next.key(), std::move(next.mapped()));
        }
        std::erase_if(wrong_, [this](const auto& entry) { return !still_wrong_.contains(entry.first); });
        begin_list();
    }

    void changed(nlohmann::json object) override {
        const auto key = key_of(object);
        if (auto value = read(key, std::move(object))) put(key, std::move(*value));
    }

    void deleted(const nlohmann::json& object) override {
        wrong_.erase(key_of(object));
        remove(key_of(object));
    }

    void unreadable(const std::string& reason) override {
        if (unreadable_.insert(reason).second)
            log_error("an answer of the Kubernetes API cannot be read", {{"reason", reason}});
    }

    /// The objects that cannot be read at present, a line each.
    [[nodiscard]] std::vector<std::string> errors() const {
        std::vector<std::string> lines(unreadable_.begin(), unreadable_.end());
        for (const auto& [key, reason] : wrong_) lines.push_back(reason);
        return lines;
    }

  private:
    static bool tell(const std::function<bool(const Value&)>& told, const Value& value) { return !told || told(value); }

    static Key key_of(const nlohmann::json& object) { return key_in<Key>(object); }

    /// The changed object, in words.
    [[nodiscard]] std::string text_of(const Key& key, const Value& value) const {
        if constexpr (std::is_same_v<Key, std::string>)
            return key;
        else if constexpr (std::is_same_v<Key, flowgen::ObjectName>)
            return key.text();
        else
            return rules_.text(value);
    }

    /// The value; nothing when it cannot be read, which is logged once.
    std::optional<Value> read(const Key& key, nlohmann::json object) {
        object["apiVersion"] = rules_.api_version;
        object["kind"] = rules_.kind;
        auto value = rules_.decode(object);
        if (value) {
            if (wrong_.erase(key) > 0) log_info("object recovered", {{"object", name_of(object)}});
            return std::move(*value);
        }
        auto substitute = rules_.substitute ? rules_.substitute(object) : std::nullopt;
        const std::string reason = name_of(object) + ": " + value.error().message +
                                   (substitute ? "; until this is fixed, " + substitute->consequence : "");
        if (auto& told = wrong_[key]; told != reason) {
            told = reason;
            log_error(substitute ? "object cannot be read and fails closed"
                                 : "object not used, its last good state stays in force",
                      {{"reason", reason}});
        }
        if (!substitute) return std::nullopt;
        return std::move(substitute->value);
    }

    void put(const Key& key, Value value) {
        const auto [place, is_new] = map_.try_emplace(key);
        if (!is_new && place->second == value) return;
        bool different = tell(rules_.entered, value);
        if (!is_new) different = tell(rules_.left, place->second) || different;
        place->second = std::move(value);
        if (different) record_.note(rules_.kind, text_of(key, place->second));
    }

    void remove(const Key& key) {
        const auto gone = map_.extract(key);
        if (gone.empty()) return;
        if (tell(rules_.left, gone.mapped())) record_.note(rules_.kind, text_of(key, gone.mapped()));
    }

    [[nodiscard]] std::string name_of(const nlohmann::json& object) const {
        const auto name = name_in(object);
        return rules_.kind + " " + (name.namespace_.empty() ? name.name : name.text());
    }

    Rules rules_;
    Map& map_;
    ChangeRecord& record_;
    Map staged_;                       ///< of the list being read
    std::map<Key, std::string> wrong_; ///< objects that cannot be read, with the reasons
    std::set<Key> still_wrong_;        ///< those of them in the list being read
    std::set<std::string> unreadable_; ///< received items that are not objects
};

} // namespace agent::kubernetes
