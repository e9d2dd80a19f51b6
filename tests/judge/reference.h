// Which connections are allowed, straight from the Kubernetes API reference: plain loops over the
// objects, nothing compiled, nothing shared with flowgen but the objects themselves. Where this
// file and the flows disagree, one of them is wrong.
//
//   ClusterState, Attempt ──► judge ──► Verdict
#pragma once

#include "flowgen/state/cluster_state.h"
#include "tests/judge/frame.h"

#include <cstdint>
#include <string>
#include <variant>

namespace judge {

/// A pod that has an interface of its own (not hostNetwork) and has not finished.
struct PodEnd {
    flowgen::ObjectName pod;

    auto operator<=>(const PodEnd&) const = default;
};

/// The host network of a node: its daemons, and hostNetwork pods.
struct HostEnd {
    std::string node;

    auto operator<=>(const HostEnd&) const = default;
};

/// Neither a pod nor a node.
struct OutsideEnd {
    auto operator<=>(const OutsideEnd&) const = default;
};

struct End {
    std::variant<PodEnd, HostEnd, OutsideEnd> who;
    IpAddress address; ///< of this end in the packet

    auto operator<=>(const End&) const = default;
    /// "pod NAMESPACE/NAME (ADDRESS)" and so on.
    [[nodiscard]] std::string text() const;
};

/// The first packet of a connection.
struct Attempt {
    End from;
    End to;
    std::uint8_t protocol = 0;          ///< IP protocol number
    std::uint16_t destination_port = 0; ///< 0 when the protocol has no ports

    auto operator<=>(const Attempt&) const = default;
    [[nodiscard]] std::string text() const;
};

struct Verdict {
    bool allowed = false;
    std::string reason; ///< the rule that allows it, or the policy that denies it
};

/// Whether `attempt` is allowed. At least one end is a pod of `state`.
[[nodiscard]] Verdict judge(const flowgen::ClusterState& state, const Attempt& attempt);

/// Whether `policy` applies to this pod at all. Source: API reference, NetworkPolicySpec.podSelector.
[[nodiscard]] bool selects(const flowgen::NetworkPolicy& policy, const flowgen::Pod& pod);

/// Whether no pod, node or endpoint of a Service can have this address, and no router forwards packets with it; nothing
/// is delivered to it or from it. Sources: API reference, EndpointAddress.ip (neither loopback nor multicast); IANA,
/// Special-Purpose Address Registries (blocks that are not forwardable).
[[nodiscard]] bool is_no_address_of_a_network(const flowgen::ClusterState& state, const IpAddress& address);

/// All addresses of a node: those of its Node object, and its gateway address in each of its PodCIDRs (the first
/// usable).
[[nodiscard]] std::vector<IpAddress> addresses_of(const flowgen::Node& node);

} // namespace judge
