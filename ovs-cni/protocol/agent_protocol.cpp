#include "ovs-cni/protocol/agent_protocol.h"

#include <nlohmann/json.hpp>

namespace ovs_cni {
namespace {

using nlohmann::json;

/// Thrown while a line is read and caught in the two decode functions, like the parser's own
/// exceptions.
struct Malformed {
    std::string reason;
};

json to_json(const AttachmentKey& key) { return {{"containerId", key.container_id}, {"interface", key.interface}}; }

json to_json(const std::vector<ipam::IpAddress>& addresses) {
    json list = json::array();
    for (const auto& address : addresses) list.push_back(address.text());
    return list;
}

AttachmentKey read_key(const json& from) { return {from.at("containerId"), from.at("interface")}; }

ipam::MacAddress read_mac(const json& from) {
    const auto mac = ipam::MacAddress::parse(from.get<std::string>());
    if (!mac) throw Malformed{mac.error().message};
    return *mac;
}

std::vector<ipam::IpAddress> read_addresses(const json& from) {
    std::vector<ipam::IpAddress> addresses;
    for (const auto& item : from) {
        const auto address = ipam::IpAddress::parse(item.get<std::string>());
        if (!address) throw Malformed{address.error().message};
        addresses.push_back(*address);
    }
    return addresses;
}

json body(const AddRequest& request) {
    json out = to_json(request.key);
    out.update({{"verb", "ADD"},
                {"hostInterface", request.host_interface},
                {"mac", request.mac.text()},
                {"sandbox", request.sandbox},
                {"network", request.network}});
    if (const auto& pod = request.pod) {
        out["pod"] = {{"namespace", pod->namespace_}, {"name", pod->name}, {"uid", pod->uid}};
    }
    return out;
}

json body(const DelRequest& request) {
    json out = to_json(request.key);
    out.update({{"verb", "DEL"}, {"network", request.network}});
    return out;
}

json body(const CheckRequest& request) {
    json out = to_json(request.key);
    out.update({{"verb", "CHECK"}, {"network", request.network}});
    return out;
}

json body(const GcRequest& request) {
    json valid = json::array();
    for (const auto& key : request.valid_attachments) valid.push_back(to_json(key));
    return {{"verb", "GC"}, {"network", request.network}, {"validAttachments", std::move(valid)}};
}

json body(const StatusRequest& request) { return {{"verb", "STATUS"}, {"network", request.network}}; }

json body(const CniError& error) {
    return {{"error", {{"code", error.code}, {"msg", error.message}, {"details", error.details}}}};
}

json body(const AddResponse& response) {
    return {{"addresses", to_json(response.addresses)},
            {"gateways", to_json(response.gateways)},
            {"mtu", response.mtu},
            {"routerMac", response.router_mac.text()},
            {"checksumOffload", response.checksum_offload}};
}

json body(const DelResponse& response) {
    json out = json::object();
    if (response.host_interface) out["hostInterface"] = *response.host_interface;
    return out;
}

json body(const CheckResponse& response) {
    return {{"hostInterface", response.host_interface},
            {"mac", response.mac.text()},
            {"addresses", to_json(response.addresses)},
            {"sandbox", response.sandbox},
            {"differences", response.differences}};
}

json body(const GcResponse& response) {
    json removed = json::array();
    for (const auto& attachment : response.removed) {
        json item = to_json(attachment.key);
        item["hostInterface"] = attachment.host_interface;
        removed.push_back(std::move(item));
    }
    return {{"removed", std::move(removed)}};
}

json body(const StatusResponse& /*response*/) { return json::object(); }

/// Bytes that are not UTF-8 become U+FFFD: a name from outside must not prevent an answer.
std::string line_of(const json& message) { return message.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

Request read_add(const json& from) {
    AddRequest request{read_key(from),     from.at("hostInterface"), read_mac(from.at("mac")),
                       from.at("sandbox"), from.at("network"),       std::nullopt};
    if (from.contains("pod")) {
        const auto& pod = from.at("pod");
        request.pod = {pod.at("namespace"), pod.at("name"), pod.value("uid", "")};
    }
    return request;
}

Request read_gc(const json& from) {
    GcRequest request{from.at("network"), {}};
    for (const auto& item : from.at("validAttachments")) request.valid_attachments.push_back(read_key(item));
    return request;
}

Request read_request(const json& from) {
    const std::string verb = from.at("verb");
    if (verb == "ADD") return read_add(from);
    if (verb == "DEL") return DelRequest{read_key(from), from.at("network")};
    if (verb == "CHECK") return CheckRequest{read_key(from), from.at("network")};
    if (verb == "GC") return read_gc(from);
    if (verb == "STATUS") return StatusRequest{from.at("network")};
    throw Malformed{"the verb '" + verb + "' is unknown"};
}

void read_into(const json& from, AddResponse& response) {
    response = {read_addresses(from.at("addresses")), read_addresses(from.at("gateways")), from.at("mtu"),
                read_mac(from.at("routerMac")), from.value("checksumOffload", true)};
}

void read_into(const json& from, DelResponse& response) {
    if (from.contains("hostInterface")) response.host_interface = from.at("hostInterface").get<std::string>();
}

void read_into(const json& from, CheckResponse& response) {
    response = {from.at("hostInterface"), read_mac(from.at("mac")), read_addresses(from.at("addresses")),
                from.at("sandbox"), from.at("differences")};
}

void read_into(const json& from, GcResponse& response) {
    for (const auto& item : from.at("removed")) {
        response.removed.push_back({read_key(item), item.at("hostInterface")});
    }
}

void read_into(const json& /*from*/, StatusResponse& /*response*/) {}

/// Runs `read` on the parsed line. Any fault of the line becomes one error that names the line's
/// sender.
template <typename Result, typename Read>
CniResult<Result> decode(std::string_view line, std::string_view whose, const Read& read) {
    std::string reason;
    try {
        const json message = json::parse(line);
        if (message.is_object()) return read(message);
        reason = "not a JSON object";
    } catch (const json::exception& error) {
        reason = error.what();
    } catch (const Malformed& error) {
        reason = error.reason;
    }
    return cni_fail(cni_code::kDecode, "the " + std::string(whose) + " cannot be read: " + reason,
                    "it was: " + std::string(line.substr(0, 200)));
}

} // namespace

std::string text(const AttachmentKey& key) { return key.container_id + "/" + key.interface; }

std::string text(const PodReference& pod) { return pod.namespace_ + "/" + pod.name; }

std::string text(const std::optional<PodReference>& pod) { return pod ? text(*pod) : "none"; }

std::string encode_request(const Request& request) {
    json message = std::visit([](const auto& alternative) { return body(alternative); }, request);
    message["protocol"] = kProtocolVersion;
    return line_of(message);
}

std::string encode_response(const Response& response) {
    return line_of(std::visit([](const auto& alternative) { return body(alternative); }, response));
}

CniResult<Request> decode_request(std::string_view line) {
    return decode<Request>(line, "plugin's request", [](const json& message) -> CniResult<Request> {
        const int protocol = message.value("protocol", kProtocolVersion);
        if (protocol > kProtocolVersion) {
            return cni_fail(cni_code::kIncompatibleVersion,
                            "the plugin speaks protocol " + std::to_string(protocol) + " and the agent only " +
                                std::to_string(kProtocolVersion) + ": upgrade the agent");
        }
        return read_request(message);
    });
}

template <typename Answer> CniResult<Answer> decode_response(std::string_view line) {
    return decode<Answer>(line, "agent's answer", [](const json& message) -> CniResult<Answer> {
        if (message.contains("error")) {
            const auto& error = message.at("error");
            return cni_fail(error.at("code"), error.at("msg"), error.value("details", ""));
        }
        Answer answer;
        read_into(message, answer);
        return answer;
    });
}

template CniResult<AddResponse> decode_response(std::string_view line);
template CniResult<DelResponse> decode_response(std::string_view line);
template CniResult<CheckResponse> decode_response(std::string_view line);
template CniResult<GcResponse> decode_response(std::string_view line);
template CniResult<StatusResponse> decode_response(std::string_view line);

} // namespace ovs_cni
