// A pod's identity: what it is, not where it is. Every node computes the same value from the same
// pod, so identities need no allocator and no coordination, and ten thousand replicas with the same
// labels are one identity.
//
//   flags(8) | namespace(56) | labels(64)      127 ... 0, in a register and in the Geneve option
//
// `namespace` and `labels` are the first bits of SHA-256 over the namespace's name and over the sorted label set.
#pragma once

#include "flowgen/state/cluster_state.h"

#include <compare>
#include <cstdint>
#include <string_view>

namespace flowgen {

using ipam::U128;

// Flags, in the top byte; bits 4 to 7 are zero.
inline constexpr U128 kFlagIsolated = U128{1} << 120; ///< source: in egress; destination: in ingress
inline constexpr U128 kFlagReply = U128{1} << 121;    ///< reply of a connection that the sending node saw admitted
inline constexpr U128 kFlagViaHost = U128{1} << 122;  ///< came through the sender's gateway, so replies must as well
inline constexpr U128 kFlagPod = U128{1} << 123;      ///< a pod of some namespace, as opposed to a host or the outside

inline constexpr U128 kNamespaceMask = ((U128{1} << 56) - 1) << 64;
inline constexpr U128 kLabelsMask = (U128{1} << 64) - 1;
inline constexpr U128 kIdentityMask = kNamespaceMask | kLabelsMask;

// Reserved namespace values; no namespace of the cluster gets one of the first 256.
inline constexpr std::uint64_t kNamespaceOutside = 0;
inline constexpr std::uint64_t kNamespaceOwnHost = 1;   ///< the host that the matching switch runs on
inline constexpr std::uint64_t kNamespaceOtherNode = 2; ///< labels: hash of the node's name
inline constexpr std::uint64_t kReservedNamespaces = 256;

struct Identity {
    std::uint64_t namespace_bits = 0; ///< 56 bits
    std::uint64_t label_bits = 0;

    auto operator<=>(const Identity&) const = default;
    /// The 128-bit value without flags.
    [[nodiscard]] U128 bits() const { return U128{namespace_bits} << 64 | label_bits; }
};

/// The first `bits` (at most 64) bits of SHA-256 over `text`, as a number.
[[nodiscard]] std::uint64_t truncated_sha256(std::string_view text, int bits);

/// 56 bits, never a reserved value: hashes that fall there are moved by kReservedNamespaces.
[[nodiscard]] std::uint64_t namespace_bits(std::string_view name);
/// 64 bits of the label set's canonical form: "key=value" lines in key order.
[[nodiscard]] std::uint64_t label_bits(const Labels& labels);

[[nodiscard]] Identity pod_identity(std::string_view namespace_name, const Labels& labels);
[[nodiscard]] Identity own_host_identity();
/// How a node appears to the other nodes.
[[nodiscard]] Identity other_node_identity(std::string_view node_name);

} // namespace flowgen
