// Errors as the container runtime sees them: a number for programs and a line for people.
//
//   agent ──► {"error":{code,msg,details}} ──► plugin ──► {"cniVersion",code,msg,details} on standard output
//
// 0 to 99 belong to the CNI specification (version 1.1.0, section 2, "Error"), 100 and up are ours.
#pragma once

#include <compare>
#include <expected>
#include <string>
#include <utility>

namespace ovs_cni {

namespace cni_code {
inline constexpr int kIncompatibleVersion = 1; ///< the configuration's cniVersion is not supported
inline constexpr int kUnsupportedField = 2;    ///< a field of the configuration has a value that we cannot serve
inline constexpr int kUnknownContainer = 3;    ///< no such attachment, or its sandbox is gone
inline constexpr int kInvalidEnvironment = 4;  ///< a CNI_ variable is missing or malformed; the text names it
inline constexpr int kIo = 5;              ///< standard input or the agent's socket broke in the middle of an exchange
inline constexpr int kDecode = 6;          ///< not the expected JSON
inline constexpr int kInvalidConfig = 7;   ///< the configuration is JSON, but not valid
inline constexpr int kTryAgain = 11;       ///< nothing was changed; the same call may succeed later
inline constexpr int kNotAvailable = 50;   ///< STATUS: ADD cannot be served now
inline constexpr int kLimited = 51;        ///< STATUS: ADD still works, but not for much longer
inline constexpr int kNoAddress = 100;     ///< the node's PodCIDR has no free address
inline constexpr int kSwitchRefused = 101; ///< Open vSwitch refused the port or the flows
inline constexpr int kAttachmentExists = 102; ///< ADD: this container id and interface are attached already
inline constexpr int kInterfaceExists = 103;  ///< ADD: the sandbox has an interface of that name already
inline constexpr int kKernelRefused = 104;    ///< a link, address, route or neighbour could not be set
inline constexpr int kDiffers = 105;          ///< CHECK: the attachment differs from what ADD made; see the details
inline constexpr int kAgentFailed = 106;      ///< the agent failed in a way that none of the above describes
} // namespace cni_code

struct CniError {
    int code = cni_code::kAgentFailed;
    std::string message; ///< one line: what, on what, why and, if known, what to do
    std::string details; ///< more lines, may be empty

    auto operator<=>(const CniError&) const = default;
    void add_detail(const std::string& line) { details += (details.empty() ? "" : "\n") + line; }
};

template <typename T> using CniResult = std::expected<T, CniError>;

/// An unexpected result with this code and text.
[[nodiscard]] inline std::unexpected<CniError> cni_fail(int code, std::string message, std::string details = {}) {
    return std::unexpected(CniError{code, std::move(message), std::move(details)});
}

} // namespace ovs_cni
