// A rule of a NetworkPolicy as the three dimensions of a conjunction, each a set of matches of which one must hold.
//
//   NetworkPolicy ──► expand ──► subjects × peers × ports ──► merge (rule_merge.h) ──► flows (policy_flows.h)
//
// Ingress: subjects are destinations on this node, peers are sources. Egress: subjects are sources anywhere, since the
// node that delivers a packet checks its sender's policy as well, and peers are destinations.
#pragma once

#include "flowgen/flow/flow.h"
#include "flowgen/state/label_index.h"
#include "flowgen/state/local_pod.h"
#include "flowgen/state/owner.h"

#include <map>
#include <optional>
#include <vector>

namespace flowgen {

/// Any of these matches; each with the policies that contribute it.
using Alternatives = std::map<Match, Owners>;

struct PolicyRuleMatch {
    /// Of the rule as its author wrote it. Two rules written alike share it; it does not change when label sets, pods
    /// or nodes come and go, so neither do the conjunction ids made of it.
    std::uint64_t content = 0;
    Direction direction = Direction::Ingress;
    Alternatives subjects;
    std::optional<Alternatives> peers; ///< absent: any peer
    std::optional<Alternatives> ports; ///< absent: all traffic
    Owners owners;
};

/// Everything that decides what a policy means on this node.
struct PolicyContext {
    const ClusterState& state;
    const std::string& node; ///< this node's name
    const LabelIndex& index;
    const std::vector<LocalPod>& pods;
    const std::vector<ipam::Family>& families; ///< that pods have here
};

/// The rules of all policies as far as they can match on this node, in the order of the policies' names.
[[nodiscard]] std::vector<PolicyRuleMatch> expand_policies(const PolicyContext& context);

/// The ports of one rule as matches; absent if the rule has none. Named ports are left out, or
/// widened to their whole protocol.
enum class NamedPorts : std::uint8_t { Omitted, WholeProtocol };
[[nodiscard]] std::optional<Alternatives> port_matches(const PolicyRule& rule, NamedPorts named, const Owners& owners,
                                                       const std::vector<ipam::Family>& families);

} // namespace flowgen
