#include "daemonset/cluster/kubernetes/client/kubeconfig.h"

#include "daemonset/cluster/text/yaml_reader.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace agent::kubernetes {
namespace {

using nlohmann::json;
using outcome::fail;
using outcome::Result;

constexpr std::array<std::string_view, 5> kRefusedForUsers{"exec", "auth-provider", "username", "password", "as"};
constexpr std::array<std::string_view, 1> kRefusedForClusters{"proxy-url"};

/// An entry of the file, with the context that error messages need.
struct Entry {
    std::filesystem::path file;
    std::string where; ///< "FILE: user admin: "
    json value;

    /// The text of a field; empty where it is absent.
    [[nodiscard]] Result<std::string> text(const std::string& key) const {
        if (!value.contains(key) || value[key].is_null()) return std::string();
        if (!value[key].is_string()) return fail(where + key + " is not a string");
        return value[key].get<std::string>();
    }
    [[nodiscard]] std::filesystem::path path(const std::string& written) const {
        return file.parent_path() / written; // an absolute path stays as it is
    }
};

/// The bytes of base64 text. Source: RFC 4648, section 4.
Result<std::string> decode_base64(std::string text) {
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    std::vector<unsigned char> bytes(text.size() / 4 * 3 + 1);
    const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (size < 0) return fail("is not base64");
    const auto padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    return std::string(bytes.begin(), bytes.begin() + size - padding);
}

/// The contents of `key`-data, or else of the file that `key` names; empty where both are absent.
Result<std::string> read_pem(const Entry& entry, const std::string& key) {
    auto inlined = entry.text(key + "-data");
    if (!inlined) return inlined;
    if (!inlined->empty()) {
        auto bytes = decode_base64(std::move(*inlined));
        if (!bytes) return fail(entry.where + key + "-data " + bytes.error().message);
        return bytes;
    }
    auto file = entry.text(key);
    if (!file || file->empty()) return file;
    auto text = read_secret(entry.path(*file));
    if (!text) return fail(entry.where + key + ": " + text.error().message);
    return text;
}

Result<void> refuse_present(const Entry& entry, std::span<const std::string_view> keys, std::string_view instead) {
    for (const auto key : keys)
        if (entry.value.contains(std::string(key)))
            return fail(entry.where + std::string(key) + " is not supported: " + std::string(instead));
    return {};
}

/// The entry of this name in one of the lists "clusters", "users", "contexts"; `kind` is the field that holds it.
Result<Entry> find_entry(const json& root, const std::filesystem::path& file, const std::string& kind,
                         const std::string& name) {
    const auto list = root.find(kind + "s");
    if (list != root.end() && list->is_array())
        for (const auto& item : *list)
            if (item.is_object() && item.value("name", json()) == json(name) && item.value(kind, json()).is_object())
                return Entry{file, file.string() + ": " + kind + " " + name + ": ", item[kind]};
    return fail(file.string() + ": there is no " + kind + " \"" + name + "\" in " + kind + "s");
}

Result<void> read_cluster(const Entry& cluster, Access& access) {
    RETURN_IF_ERROR(refuse_present(cluster, kRefusedForClusters, "the agent connects to API servers itself"));
    ASSIGN_OR_RETURN(const auto server, cluster.text("server"));
    auto url = parse_server_url(server);
    if (!url) return fail(cluster.where + "server: " + url.error().message);
    access.servers = {std::move(*url)};
    ASSIGN_OR_RETURN(auto authorities, read_pem(cluster, "certificate-authority"));
    access.tls.authorities = std::move(authorities);
    ASSIGN_OR_RETURN(auto name, cluster.text("tls-server-name"));
    access.tls.server_name = std::move(name);
    const json skip = cluster.value.value("insecure-skip-tls-verify", json(false));
    if (!skip.is_boolean()) return fail(cluster.where + "insecure-skip-tls-verify must be true or false");
    access.tls.verify = !skip.get<bool>();
    return {};
}

Result<void> read_user(const Entry& user, Access& access) {
    RETURN_IF_ERROR(refuse_present(user, kRefusedForUsers, "use token, tokenFile or a client certificate"));
    auto token = user.text("token");
    if (!token) return std::unexpected(token.error());
    ASSIGN_OR_RETURN(const auto token_file, user.text("tokenFile"));
    // Source: AuthInfo.tokenFile, "if both Token and TokenFile are specified, the TokenFile will be periodically read".
    if (!token_file.empty()) token = read_token(user.path(token_file));
    if (!token) return fail(user.where + "tokenFile: " + token.error().message);
    access.token = std::move(*token);
    ASSIGN_OR_RETURN(auto certificate, read_pem(user, "client-certificate"));
    ASSIGN_OR_RETURN(auto key, read_pem(user, "client-key"));
    if (certificate.empty() != key.empty())
        return fail(user.where + "client-certificate and client-key belong together, one of them is missing");
    access.tls.certificate = std::move(certificate);
    access.tls.key = std::move(key);
    return {};
}

Result<Access> read_root(const json& root, const std::filesystem::path& file) {
    const Entry whole{file, file.string() + ": ", root};
    ASSIGN_OR_RETURN(const auto current, whole.text("current-context"));
    if (current.empty()) return fail(whole.where + "current-context is missing: kubectl config use-context sets it");
    ASSIGN_OR_RETURN(const auto context, find_entry(root, file, "context", current));
    ASSIGN_OR_RETURN(const auto cluster_name, context.text("cluster"));
    ASSIGN_OR_RETURN(const auto user_name, context.text("user"));
    ASSIGN_OR_RETURN(const auto cluster, find_entry(root, file, "cluster", cluster_name));
    Access access;
    RETURN_IF_ERROR(read_cluster(cluster, access));
    if (user_name.empty()) return access;
    ASSIGN_OR_RETURN(const auto user, find_entry(root, file, "user", user_name));
    RETURN_IF_ERROR(read_user(user, access));
    return access;
}

} // namespace

Result<Access> parse_kubeconfig(std::string_view text, const std::filesystem::path& file) {
    const auto documents = cluster::read_yaml(text);
    if (!documents)
        return fail(file.string() + ":" + std::to_string(documents.error().line) + ": " + documents.error().reason);
    if (documents->size() != 1 || !documents->front().value.is_object())
        return fail(file.string() + ": a kubeconfig must be one YAML mapping");
    return read_root(documents->front().value, file);
}

Result<Access> read_kubeconfig(const std::filesystem::path& file) {
    const auto text = read_secret(file);
    if (!text) return fail("kubeconfig: " + text.error().message);
    return parse_kubeconfig(*text, file);
}

} // namespace agent::kubernetes
