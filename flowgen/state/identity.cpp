#include "flowgen/state/identity.h"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace flowgen {

namespace {

/// Looked up once: OpenSSL 3 takes longer to find the algorithm than to hash a name with it.
const EVP_MD* sha256() {
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> kAlgorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                            &EVP_MD_free);
    return kAlgorithm.get();
}

} // namespace

std::uint64_t truncated_sha256(std::string_view text, int bits) {
    std::array<unsigned char, 32> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-256: is its configuration complete?");
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | digest.at(i);
    return value >> (64 - bits);
}

std::uint64_t namespace_bits(std::string_view name) {
    const auto bits = truncated_sha256(name, 56);
    return bits < kReservedNamespaces ? bits + kReservedNamespaces : bits;
}

std::uint64_t label_bits(const Labels& labels) {
    std::string canonical;
    for (const auto& [key, value] : labels) canonical += key + "=" + value + "\n";
    return truncated_sha256(canonical, 64);
}

Identity pod_identity(std::string_view namespace_name, const Labels& labels) {
    return {namespace_bits(namespace_name), label_bits(labels)};
}

Identity own_host_identity() { return {kNamespaceOwnHost, 0}; }

Identity other_node_identity(std::string_view node_name) {
    return {kNamespaceOtherNode, truncated_sha256(node_name, 64)};
}

} // namespace flowgen
