// The keys of a collection's objects: names, or uids where there are very many objects.
#pragma once

#include "flowgen/state/cluster_state.h"

#include <nlohmann/json.hpp>

#include <compare>
#include <cstdint>
#include <string>

namespace agent::kubernetes {

/// The name of an object in its metadata; empty where there is none.
[[nodiscard]] flowgen::ObjectName name_in(const nlohmann::json& object);

/// metadata.uid in 16 bytes, a fraction of a name's: the digits of a UUID, the hash of any other text. Of an object
/// without uid, the hash of its name.
struct Uid {
    std::uint64_t first = 0;
    std::uint64_t second = 0;

    auto operator<=>(const Uid&) const = default;
};

/// The key of an object, by the type of the keys.
template <typename Key> [[nodiscard]] Key key_in(const nlohmann::json& object);
template <> std::string key_in(const nlohmann::json& object);
template <> flowgen::ObjectName key_in(const nlohmann::json& object);
template <> Uid key_in(const nlohmann::json& object);

} // namespace agent::kubernetes
