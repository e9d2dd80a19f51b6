#include "daemonset/base/server_url.h"

#include "ipam/address.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace agent {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool is_host_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '.' || c == '_';
    });
}

/// The host without its brackets; empty when it is not a host.
std::string read_host(std::string_view text) {
    if (!text.starts_with('[')) return is_host_name(text) ? std::string(text) : std::string();
    if (text.size() < 2 || text.back() != ']') return {};
    const std::string address(text.substr(1, text.size() - 2));
    const auto parsed = ipam::IpAddress::parse(address);
    return parsed && parsed->family == ipam::Family::IPv6 ? address : std::string();
}

} // namespace

std::string ServerUrl::authority() const {
    const bool bracketed = host.find(':') != std::string::npos;
    return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string ServerUrl::text() const { return (tls ? "https://" : "http://") + authority() + path; }

outcome::Result<ServerUrl> parse_server_url(std::string_view text) {
    const auto refused = outcome::fail("\"" + std::string(text) +
                                       "\" is not a server URL: it must be https://HOST[:PORT][/PATH], such as "
                                       "https://10.0.0.1:6443 or https://[fd00::1]:6443");
    ServerUrl url;
    std::string_view rest = text;
    if (rest.starts_with("http://"))
        url.tls = false;
    else if (!rest.starts_with("https://"))
        return refused;
    rest.remove_prefix(rest.find("//") + 2);
    const auto slash = std::min(rest.find('/'), rest.size());
    url.path = rest.substr(slash);
    while (url.path.ends_with('/')) url.path.pop_back();
    if (url.path.find_first_of("?# \r\n") != std::string::npos) return refused;
    rest = rest.substr(0, slash);
    const auto colon = rest.rfind(':');
    const bool has_port = colon != std::string_view::npos && !rest.ends_with(']');
    url.host = read_host(rest.substr(0, has_port ? colon : rest.size()));
    if (url.host.empty()) return refused;
    url.port = url.tls ? kHttpsPort : kHttpPort;
    if (!has_port) return url;
    const auto digits = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || url.port == 0) return refused;
    return url;
}

} // namespace agent
