#include "ovs-cni/cni_result.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace ovs_cni {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json encode(const ResultInterface& interface, CniVersion version) {
    ordered_json out{{"name", interface.name}, {"mac", interface.mac}};
    if (version >= CniVersion::V1_1_0) out["mtu"] = interface.mtu;
    if (!interface.sandbox.empty()) out["sandbox"] = interface.sandbox;
    return out;
}

ordered_json encode(const ResultAddress& address, CniVersion version) {
    ordered_json out;
    if (version < CniVersion::V1_0_0) out["version"] = address.address.family == ipam::Family::IPv4 ? "4" : "6";
    if (address.interface) out["interface"] = *address.interface;
    out["address"] = address.address.text() + "/" + std::to_string(address.length);
    if (address.gateway) out["gateway"] = address.gateway->text();
    return out;
}

ordered_json encode(const ResultRoute& route, CniVersion version) {
    ordered_json out{{"dst", route.destination.text()}};
    if (route.gateway) out["gw"] = route.gateway->text();
    if (version >= CniVersion::V1_1_0 && route.mtu != 0) out["mtu"] = route.mtu;
    return out;
}

template <typename Part> ordered_json encode_all(const std::vector<Part>& parts, CniVersion version) {
    ordered_json out = ordered_json::array();
    for (const auto& part : parts) out.push_back(encode(part, version));
    return out;
}

/// Null where `key` is absent or its value is null.
const json* find(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

outcome::Result<std::optional<ipam::IpAddress>> decode_gateway(const json& from, const char* key) {
    const auto* const text = find(from, key);
    if (!text || text->get<std::string>().empty()) return std::nullopt;
    ASSIGN_OR_RETURN(const auto address, ipam::IpAddress::parse(text->get<std::string>()));
    return address;
}

outcome::Result<ResultAddress> decode_address(const json& from) {
    const std::string text = from.at("address");
    // The address itself is needed, so its bits beyond the prefix length must stay.
    ASSIGN_OR_RETURN(const auto prefix, ipam::Prefix::parse(text));
    ASSIGN_OR_RETURN(const auto address, ipam::IpAddress::parse(text.substr(0, text.find('/'))));
    ASSIGN_OR_RETURN(const auto gateway, decode_gateway(from, "gateway"));
    ResultAddress out{address, prefix.length, gateway, std::nullopt};
    if (const auto* const interface = find(from, "interface")) out.interface = interface->get<int>();
    return out;
}

outcome::Result<ResultRoute> decode_route(const json& from) {
    ASSIGN_OR_RETURN(const auto destination, ipam::Prefix::parse(from.at("dst").get<std::string>()));
    ASSIGN_OR_RETURN(const auto gateway, decode_gateway(from, "gw"));
    return ResultRoute{destination, gateway, from.value("mtu", 0)};
}

outcome::Result<AttachmentResult> decode_parts(const json& from) {
    AttachmentResult out;
    if (const auto* const interfaces = find(from, "interfaces")) {
        for (const auto& item : *interfaces)
            out.interfaces.push_back(
                {item.at("name"), item.value("mac", ""), item.value("mtu", 0), item.value("sandbox", "")});
    }
    if (const auto* const addresses = find(from, "ips")) {
        for (const auto& item : *addresses) {
            ASSIGN_OR_RETURN(auto address, decode_address(item));
            out.addresses.push_back(address);
        }
    }
    if (const auto* const routes = find(from, "routes")) {
        for (const auto& item : *routes) {
            ASSIGN_OR_RETURN(auto route, decode_route(item));
            out.routes.push_back(route);
        }
    }
    return out;
}

} // namespace

std::string encode_result(const AttachmentResult& result, CniVersion version, const std::string& dns) {
    ordered_json out{{"cniVersion", text(version)}};
    out["interfaces"] = encode_all(result.interfaces, version);
    out["ips"] = encode_all(result.addresses, version);
    out["routes"] = encode_all(result.routes, version);
    out["dns"] = ordered_json::parse(dns);
    return out.dump();
}

CniResult<AttachmentResult> decode_result(const json& result) {
    std::string reason;
    try {
        auto decoded = decode_parts(result);
        if (decoded) return std::move(*decoded);
        reason = decoded.error().message;
    } catch (const json::exception& error) {
        reason = error.what();
    }
    return cni_fail(cni_code::kInvalidConfig, "prevResult in the configuration cannot be read: " + reason);
}

} // namespace ovs_cni
