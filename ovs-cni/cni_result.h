// The result of ADD for the runtime, and the prevResult that the runtime passes back.
//
//   AttachmentResult ──► encode_result ──► JSON of the request's CNI version ──► runtime ──► decode_result
#pragma once

#include "ipam/address.h"
#include "ipam/prefix.h"
#include "ovs-cni/cni_version.h"
#include "ovs-cni/protocol/cni_error.h"

#include <nlohmann/json_fwd.hpp>

#include <compare>
#include <optional>
#include <string>
#include <vector>

namespace ovs_cni {

struct ResultInterface {
    std::string name;
    std::string mac;     ///< empty when absent from the result
    int mtu = 0;         ///< bytes; 0 when absent from the result (before CNI 1.1.0)
    std::string sandbox; ///< path of its namespace; empty for one in the host

    auto operator<=>(const ResultInterface&) const = default;
};

struct ResultAddress {
    ipam::IpAddress address;
    int length = 0;
    std::optional<ipam::IpAddress> gateway;
    std::optional<int> interface; ///< position in `interfaces`

    auto operator<=>(const ResultAddress&) const = default;
};

struct ResultRoute {
    ipam::Prefix destination;
    std::optional<ipam::IpAddress> gateway;
    int mtu = 0; ///< bytes; 0 when absent from the result (before CNI 1.1.0)

    auto operator<=>(const ResultRoute&) const = default;
};

/// Source: CNI specification, section 5, "ADD Success".
struct AttachmentResult {
    std::vector<ResultInterface> interfaces;
    std::vector<ResultAddress> addresses;
    std::vector<ResultRoute> routes;

    auto operator<=>(const AttachmentResult&) const = default;
};

/// The result as JSON in the shape of `version`; `dns` is the configuration's own, an object as JSON text, passed on.
[[nodiscard]] std::string encode_result(const AttachmentResult& result, CniVersion version, const std::string& dns);

/// The parts of a prevResult that are compared. Errors: kInvalidConfig, naming the unreadable part.
[[nodiscard]] CniResult<AttachmentResult> decode_result(const nlohmann::json& result);

} // namespace ovs_cni
