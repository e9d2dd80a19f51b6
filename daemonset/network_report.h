// What the node's condition NetworkUnavailable is to say.
#pragma once

#include <compare>
#include <string>

namespace agent {

struct NetworkReport {
    bool unavailable = false;
    std::string reason;  ///< one word for machines: "OvsCniIsUp", "NoPodCIDR"
    std::string message; ///< one line for people

    auto operator<=>(const NetworkReport&) const = default;
};

} // namespace agent
