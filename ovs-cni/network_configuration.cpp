#include "ovs-cni/network_configuration.h"

#include "words/list.h"

#include <nlohmann/json.hpp>

#include <sys/un.h>

#include <ranges>

namespace ovs_cni {
namespace {

using nlohmann::json;

std::unexpected<CniError> invalid(std::string why) { return cni_fail(cni_code::kInvalidConfig, std::move(why)); }

std::string supported_versions() { return words::join(kCniVersions | std::views::values); }

/// The first version of the specification that has the verb. Source: its "Released versions".
CniVersion first_version_with(Verb verb) {
    switch (verb) {
    case Verb::CHECK:
        return CniVersion::V0_4_0;
    case Verb::GC:
    case Verb::STATUS:
        return CniVersion::V1_1_0;
    default:
        return CniVersion::V0_3_0;
    }
}

CniResult<CniVersion> read_version(const json& from, Verb verb) {
    // A configuration without a version predates versions: 0.1.0.
    const std::string wanted = from.value("cniVersion", "0.1.0");
    const auto version = cni_version(wanted);
    if (!version)
        return cni_fail(cni_code::kIncompatibleVersion, "cniVersion '" + wanted + "' is not supported",
                        "supported are " + supported_versions());
    if (*version < first_version_with(verb))
        return cni_fail(cni_code::kIncompatibleVersion, "cniVersion '" + wanted +
                                                            "' does not have this verb; it needs " +
                                                            std::string(text(first_version_with(verb))) + " or newer");
    return *version;
}

CniResult<std::string> read_name(const json& from) {
    std::string name = from.value("name", "");
    if (name.empty()) return invalid("the configuration has no name");
    return name;
}

CniResult<std::string> read_agent_socket(const json& from) {
    std::string path = from.value("agentSocket", kDefaultAgentSocket);
    if (!path.starts_with('/')) return invalid("agentSocket '" + path + "' must be an absolute path");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return invalid("agentSocket '" + path + "' is too long for a unix socket: at most " +
                       std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " characters");
    return path;
}

CniResult<std::chrono::seconds> read_timeout(const json& from) {
    const int seconds = from.value("agentTimeoutSeconds", 60);
    if (seconds < 1 || seconds > 3600)
        return invalid("agentTimeoutSeconds is " + std::to_string(seconds) + "; it must be from 1 to 3600");
    return std::chrono::seconds(seconds);
}

/// libcni 1.2.0 and 1.2.1 wrote the list under the second name, later ones write both.
CniResult<std::vector<AttachmentKey>> read_valid_attachments(const json& from) {
    for (const char* const field : {"cni.dev/valid-attachments", "cni.dev/attachments"}) {
        const auto found = from.find(field);
        if (found == from.end() || found->is_null()) continue;
        std::vector<AttachmentKey> valid;
        for (const auto& item : *found) valid.push_back({item.at("containerID"), item.at("ifname")});
        return valid;
    }
    // Taking "no list" for "an empty list" would cut off every pod of the node.
    return invalid("GC needs cni.dev/valid-attachments in the configuration");
}

CniResult<void> refuse_foreign_ipam(const json& from) {
    const auto found = from.find("ipam");
    if (found == from.end() || !found->is_object() || found->value("type", "").empty()) return {};
    return cni_fail(cni_code::kUnsupportedField,
                    "the configuration's field ipam names the IPAM plugin '" + found->value("type", "") +
                        "', but ovs-cni allocates addresses itself, from the node's PodCIDRs: remove the field");
}

/// Reads the fields that only some verbs need.
CniResult<void> read_for_verb(const json& from, Verb verb, NetworkConfiguration& configuration) {
    const auto previous = from.find("prevResult");
    const bool has_previous = previous != from.end() && !previous->is_null();
    if (verb == Verb::ADD && has_previous)
        return invalid(
            "the configuration has a prevResult, but ovs-cni makes the pod's interface: it must be the first "
            "plugin of the list");
    if (verb == Verb::CHECK) {
        if (!has_previous) return invalid("CHECK needs the prevResult of ADD in the configuration");
        ASSIGN_OR_RETURN(auto decoded, decode_result(*previous));
        configuration.previous_result = std::move(decoded);
    }
    if (verb == Verb::GC) {
        ASSIGN_OR_RETURN(auto valid, read_valid_attachments(from));
        configuration.valid_attachments = std::move(valid);
    }
    return {};
}

CniResult<NetworkConfiguration> read(const json& from, Verb verb) {
    if (!from.is_object()) return cni_fail(cni_code::kDecode, "the configuration is not a JSON object");
    ASSIGN_OR_RETURN(const auto version, read_version(from, verb));
    ASSIGN_OR_RETURN(auto name, read_name(from));
    ASSIGN_OR_RETURN(auto socket, read_agent_socket(from));
    ASSIGN_OR_RETURN(const auto timeout, read_timeout(from));
    NetworkConfiguration configuration{version, std::move(name), std::move(socket), timeout, "{}", {}, {}};
    if (const auto dns = from.find("dns"); dns != from.end() && dns->is_object()) configuration.dns = dns->dump();
    // An existing pod must be removable whatever its configuration has become.
    if (const auto refused = refuse_foreign_ipam(from); !refused && verb != Verb::DEL && verb != Verb::GC)
        return std::unexpected(refused.error());
    RETURN_IF_ERROR(read_for_verb(from, verb, configuration));
    return configuration;
}

} // namespace

std::optional<CniVersion> cni_version_of(std::string_view configuration) {
    const json parsed = json::parse(configuration, nullptr, /*allow_exceptions=*/false);
    if (!parsed.is_object()) return std::nullopt;
    const auto found = parsed.find("cniVersion");
    if (found == parsed.end() || !found->is_string()) return std::nullopt;
    return cni_version(found->get_ref<const std::string&>());
}

CniResult<NetworkConfiguration> read_configuration(std::string_view text, Verb verb) {
    try {
        return read(json::parse(text), verb);
    } catch (const json::parse_error& error) {
        return cni_fail(cni_code::kDecode, "the configuration on standard input is not JSON", error.what());
    } catch (const json::exception& error) {
        return invalid(std::string("a field of the configuration has the wrong type: ") + error.what());
    }
}

} // namespace ovs_cni
