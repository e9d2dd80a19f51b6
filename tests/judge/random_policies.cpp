#include "tests/judge/random_cluster.h"

#include "tests/judge/reference.h"

#include <algorithm>

namespace judge {

namespace {

using namespace flowgen;
using ipam::U128;

/// Draws the parts of policies from the contents of the cluster.
class PolicyMaker {
  public:
    PolicyMaker(const Cluster& cluster, Random& random);

    [[nodiscard]] NetworkPolicy policy(const ObjectName& name);

  private:
    [[nodiscard]] LabelSelector selector();
    [[nodiscard]] LabelSelector namespace_selector();
    [[nodiscard]] LabelRequirement requirement();
    [[nodiscard]] Prefix block();
    [[nodiscard]] IpBlock ip_block();
    [[nodiscard]] PolicyPeer peer();
    [[nodiscard]] PolicyPort port();
    [[nodiscard]] PolicyRule rule();
    [[nodiscard]] std::vector<PolicyRule> rules();

    Random& random_;
    std::vector<IpAddress> addresses_; ///< of pods and nodes
    std::vector<std::string> namespaces_;
};

PolicyMaker::PolicyMaker(const Cluster& cluster, Random& random) : random_(random) {
    for (const auto& [name, node] : cluster.state.nodes) {
        for (const auto& address : addresses_of(node)) addresses_.push_back(address);
    }
    for (const auto& [name, local] : cluster.locals) {
        for (const auto& attachment : local.attachments) {
            addresses_.insert(addresses_.end(), attachment.addresses.begin(), attachment.addresses.end());
        }
    }
    for (const auto& [name, pod] : cluster.state.pods) {
        if (std::ranges::find(namespaces_, name.namespace_) == namespaces_.end())
            namespaces_.push_back(name.namespace_);
    }
}

LabelRequirement PolicyMaker::requirement() {
    using Operator = LabelRequirement::Operator;
    static const std::vector<std::string> keys{"app", "tier", "team", "absent"};
    static const std::vector<std::string> values{"a", "b", "c", "unused"};
    LabelRequirement result{.key = random_.pick(keys), .op = static_cast<Operator>(random_.below(4)), .values = {}};
    if (result.op == Operator::In || result.op == Operator::NotIn) {
        result.values.insert(random_.pick(values));
        for (const auto& value : random_.some_of(values, 30)) result.values.insert(value);
    }
    return result;
}

LabelSelector PolicyMaker::selector() {
    static const std::vector<std::string> keys{"app", "tier", "team"};
    static const std::vector<std::string> values{"a", "b", "c"};
    LabelSelector result;
    if (random_.chance(25)) return result; // everything
    if (random_.chance(60)) result.match_labels[random_.pick(keys)] = random_.pick(values);
    if (random_.chance(15)) result.match_labels[random_.pick(keys)] = random_.pick(values);
    while (random_.chance(35)) result.match_expressions.push_back(requirement());
    return result;
}

LabelSelector PolicyMaker::namespace_selector() {
    if (random_.chance(40)) {
        LabelSelector by_name;
        by_name.match_labels[kNamespaceNameLabel] = random_.pick(namespaces_);
        return by_name;
    }
    if (random_.chance(15)) {
        LabelSelector others;
        others.match_expressions.push_back({.key = kNamespaceNameLabel,
                                            .op = LabelRequirement::Operator::NotIn,
                                            .values = {random_.pick(namespaces_)}});
        return others;
    }
    return selector();
}

Prefix PolicyMaker::block() {
    static const std::vector<Prefix> outside{
        *Prefix::parse("0.0.0.0/0"),       *Prefix::parse("::/0"),
        *Prefix::parse("198.51.100.0/24"), *Prefix::parse("198.51.100.64/26"),
        *Prefix::parse("198.51.100.7/32"), *Prefix::parse("2001:db8::/32"),
        *Prefix::parse("2001:db8:1::/48"), *Prefix::parse("10.0.0.0/8"),
        *Prefix::parse("10.1.0.0/16"),     *Prefix::parse("172.16.0.0/12"),
        *Prefix::parse("fd00::/8"),        *Prefix::parse("128.0.0.0/1"),
    };
    if (random_.chance(45)) return random_.pick(outside);
    const auto& address = random_.pick(addresses_);
    const int width = ipam::width(address.family);
    if (random_.chance(40)) return Prefix::host(address);
    return Prefix::covering(address, width - random_.between(1, random_.chance(50) ? 4 : 12));
}

IpBlock PolicyMaker::ip_block() {
    IpBlock result{.cidr = block(), .except = {}};
    const int width = ipam::width(result.cidr.family());
    if (result.cidr.length == width) return result;
    while (random_.chance(45)) {
        // Around a used address, or anywhere; an earlier hole or the block itself may contain the
        // new one.
        IpAddress inside = result.cidr.address;
        const auto& known = random_.pick(addresses_);
        if (result.cidr.contains(known)) {
            inside = known;
        } else {
            inside.bits |= U128{random_.below(256)} & ~result.cidr.mask() & ((U128{1} << (width - 1)) - 1);
        }
        const int length = random_.between(result.cidr.length, std::min(width, result.cidr.length + 10));
        result.except.push_back(Prefix::covering(inside, random_.chance(30) ? width : length));
    }
    return result;
}

PolicyPeer PolicyMaker::peer() {
    PolicyPeer result;
    switch (random_.below(5)) {
    case 0:
        result.pod_selector = selector();
        break;
    case 1:
        result.namespace_selector = namespace_selector();
        break;
    case 2:
        result.pod_selector = selector();
        result.namespace_selector = namespace_selector();
        break;
    default:
        result.ip_block = ip_block();
        break;
    }
    return result;
}

PolicyPort PolicyMaker::port() {
    static const std::vector<std::uint16_t> numbers{1, 79, 80, 81, 443, 5978, 8080, 9090, 32000, 65535};
    static const std::vector<Protocol> protocols{Protocol::TCP, Protocol::TCP, Protocol::UDP, Protocol::SCTP};
    PolicyPort result{.protocol = random_.pick(protocols), .port = {}, .end_port = {}};
    switch (random_.below(6)) {
    case 0:
        break;
    case 1:
    case 2:
    case 3:
        result.port = random_.chance(5) ? std::string("nobody") : random_.pick(port_names());
        break;
    default: {
        const auto first = random_.pick(numbers);
        result.port = first;
        if (random_.chance(50)) {
            const int last = first + random_.between(0, random_.chance(50) ? 20 : 40000);
            result.end_port = static_cast<std::uint16_t>(std::min(last, 65535));
        }
        break;
    }
    }
    return result;
}

PolicyRule PolicyMaker::rule() {
    PolicyRule result;
    if (!random_.chance(20)) {
        do result.peers.push_back(peer());
        while (random_.chance(40));
    }
    if (!random_.chance(30)) {
        do result.ports.push_back(port());
        while (random_.chance(45));
    }
    return result;
}

std::vector<PolicyRule> PolicyMaker::rules() {
    std::vector<PolicyRule> result;
    while (random_.chance(60) && result.size() < 4) result.push_back(rule());
    return result;
}

NetworkPolicy PolicyMaker::policy(const ObjectName& name) {
    NetworkPolicy result{.id = name, .pod_selector = selector(), .policy_types = {}, .ingress = {}, .egress = {}};
    switch (random_.below(4)) {
    case 0:
        break; // absent
    case 1:
        result.policy_types = {Direction::Ingress};
        break;
    case 2:
        result.policy_types = {Direction::Egress};
        break;
    default:
        result.policy_types = {Direction::Ingress, Direction::Egress};
        break;
    }
    // Rules of a direction that policyTypes leaves out have no effect, and are generated sometimes.
    result.ingress = rules();
    if (random_.chance(70)) result.egress = rules();
    return result;
}

} // namespace

std::map<ObjectName, NetworkPolicy> random_policies(const Cluster& cluster, Random& random) {
    std::map<ObjectName, NetworkPolicy> policies;
    PolicyMaker maker(cluster, random);
    std::vector<std::string> namespaces;
    namespaces.reserve(cluster.state.pods.size());
    for (const auto& [name, pod] : cluster.state.pods) namespaces.push_back(name.namespace_);
    const int count = random.between(1, 12);
    for (int i = 0; i < count; ++i) {
        const ObjectName name{.namespace_ = random.pick(namespaces), .name = "policy" + std::to_string(i)};
        policies.emplace(name, maker.policy(name));
    }
    return policies;
}

} // namespace judge
