// The URL of an API server, parsed.
#pragma once

#include "outcome/result.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace agent {

struct ServerUrl {
    bool tls = true;
    std::string host; ///< a name or an address, IPv6 without brackets
    std::uint16_t port = 443;
    std::string path; ///< prefix of every request's path: empty, or "/PREFIX" without a slash at the end

    auto operator<=>(const ServerUrl&) const = default;
    /// "HOST:PORT", an IPv6 address in brackets, as in the header Host.
    [[nodiscard]] std::string authority() const;
    /// "https://HOST:PORT/PATH".
    [[nodiscard]] std::string text() const;
};

/// "https://HOST[:PORT][/PATH]" or http; the port is that of the scheme where it is absent. Source: RFC 3986.
[[nodiscard]] outcome::Result<ServerUrl> parse_server_url(std::string_view text);

} // namespace agent
