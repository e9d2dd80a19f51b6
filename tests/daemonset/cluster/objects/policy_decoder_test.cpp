#include "tests/daemonset/cluster/objects/decode_text.h"

#include <gmock/gmock.h>

namespace agent::cluster {
namespace {

using flowgen::Direction;
using flowgen::LabelRequirement;
using flowgen::NetworkPolicy;
using flowgen::PolicyPort;
using flowgen::Prefix;
using flowgen::Protocol;
using testing::ElementsAre;
using testing::HasSubstr;
using Operator = LabelRequirement::Operator;

constexpr auto kHead = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\n";

NetworkPolicy policy(const std::string& spec) { return decode_as<NetworkPolicy>(kHead + spec); }

/// The errors without file, line and object, with which all of them begin.
std::vector<std::string> faults(const std::string& spec) {
    std::vector<std::string> found = errors_in(kHead + spec);
    for (std::string& error : found) error = error.substr(error.find("shop/p: ") + std::string("shop/p: ").size());
    return found;
}

std::vector<PolicyPort> ports(const std::string& list) {
    const auto found = policy("spec: {ingress: [{ports: " + list + "}]}");
    return found.ingress.empty() ? std::vector<PolicyPort>() : found.ingress.front().ports;
}

std::vector<std::string> port_faults(const std::string& list) {
    return faults("spec: {ingress: [{ports: " + list + "}]}");
}

std::vector<std::string> peer_faults(const std::string& peer) {
    return faults("spec: {egress: [{to: [" + peer + "]}]}");
}

std::vector<std::string> requirement_faults(const std::string& requirement) {
    return faults("spec: {podSelector: {matchExpressions: [" + requirement + "]}}");
}

TEST(PolicyDecoder, reads_every_field) {
    const auto found = policy(R"(
spec:
  podSelector:
    matchLabels: {app: web}
    matchExpressions:
    - {key: tier, operator: In, values: [b, a]}
    - {key: env, operator: NotIn, values: [test]}
    - {key: live, operator: Exists}
    - {key: old, operator: DoesNotExist, values: []}
  policyTypes: [Egress, Ingress]
  ingress:
  - from:
    - podSelector: {}
    - namespaceSelector: {matchLabels: {team: a}}
      podSelector: {matchLabels: {app: x}}
    ports:
    - port: 80
  - {}
  egress:
  - to:
    - ipBlock: {cidr: 10.0.0.7/8, except: [10.1.0.0/16, 10.2.3.4/32]}
    - ipBlock: {cidr: "fd00::/8"}
)");
    EXPECT_EQ(found.id, (flowgen::ObjectName{"shop", "p"}));
    EXPECT_EQ(found.pod_selector.match_labels, (flowgen::Labels{{"app", "web"}}));
    EXPECT_THAT(found.pod_selector.match_expressions, ElementsAre(LabelRequirement{"tier", Operator::In, {"a", "b"}},
                                                                  LabelRequirement{"env", Operator::NotIn, {"test"}},
                                                                  LabelRequirement{"live", Operator::Exists, {}},
                                                                  LabelRequirement{"old", Operator::DoesNotExist, {}}));
    EXPECT_THAT(found.policy_types, ElementsAre(Direction::Egress, Direction::Ingress));

    ASSERT_EQ(found.ingress.size(), 2U);
    const auto& peers = found.ingress[0].peers;
    ASSERT_EQ(peers.size(), 2U);
    EXPECT_EQ(peers[0], (flowgen::PolicyPeer{flowgen::LabelSelector{}, {}, {}}));
    EXPECT_EQ(peers[1],
              (flowgen::PolicyPeer{
                  flowgen::LabelSelector{{{"app", "x"}}, {}}, flowgen::LabelSelector{{{"team", "a"}}, {}}, {}}));
    EXPECT_THAT(found.ingress[0].ports, ElementsAre(PolicyPort{Protocol::TCP, std::uint16_t{80}, {}}));
    EXPECT_EQ(found.ingress[1], flowgen::PolicyRule{});

    ASSERT_EQ(found.egress.size(), 1U);
    ASSERT_EQ(found.egress[0].peers.size(), 2U);
    EXPECT_EQ(found.egress[0].peers[0].ip_block,
              (flowgen::IpBlock{*Prefix::parse("10.0.0.0/8"),
                                {*Prefix::parse("10.1.0.0/16"), *Prefix::parse("10.2.3.4/32")}}));
    EXPECT_EQ(found.egress[0].peers[1].ip_block, (flowgen::IpBlock{*Prefix::parse("fd00::/8"), {}}));
}

TEST(PolicyDecoder, absent_fields_and_nulls_have_their_defaults) {
    NetworkPolicy plain;
    plain.id = {"shop", "p"};
    EXPECT_EQ(policy(""), plain);
    EXPECT_EQ(policy("spec: {podSelector: null, policyTypes: null, ingress: null, egress: []}"), plain);
    EXPECT_THAT(policy("spec: {ingress: [{from: null, ports: null}]}").ingress, ElementsAre(flowgen::PolicyRule{}));
}

TEST(PolicyDecoder, reads_every_form_of_port) {
    EXPECT_THAT(ports("[{protocol: UDP}, {port: 53, protocol: UDP}, {port: http}, {port: 1000, endPort: 2000},"
                      " {port: 65535, endPort: 65535, protocol: SCTP}, {}]"),
                ElementsAre(PolicyPort{Protocol::UDP, {}, {}}, PolicyPort{Protocol::UDP, std::uint16_t{53}, {}},
                            PolicyPort{Protocol::TCP, std::string("http"), {}},
                            PolicyPort{Protocol::TCP, std::uint16_t{1000}, 2000},
                            PolicyPort{Protocol::SCTP, std::uint16_t{65535}, 65535}, PolicyPort{}));
}

TEST(PolicyDecoder, refuses_wrong_ports) {
    EXPECT_THAT(port_faults("[{port: 0}]"),
                ElementsAre("spec.ingress[0].ports[0].port: 0 is out of range: it must be 1 to 65535"));
    EXPECT_THAT(port_faults("[{port: 65536}]"), ElementsAre(HasSubstr("65536 is out of range")));
    EXPECT_THAT(port_faults("[{port: -1}]"), ElementsAre(HasSubstr("-1 is out of range")));
    EXPECT_THAT(port_faults("[{port: 80.0}]"), ElementsAre(HasSubstr("80.0 is not a whole number")));
    EXPECT_THAT(port_faults("[{port: true}]"), ElementsAre(HasSubstr("true is not a whole number")));
    EXPECT_THAT(port_faults("[{port: '80'}]"), ElementsAre(HasSubstr("\"80\" is a name because of its quotes")));
    EXPECT_THAT(port_faults("[{port: Web}]"), ElementsAre(HasSubstr("\"Web\" is not a valid port name")));
    EXPECT_THAT(port_faults("[{port: ''}]"), ElementsAre(HasSubstr("\"\" is not a valid port name")));
    EXPECT_THAT(
        port_faults("[{protocol: ICMP}]"),
        ElementsAre("spec.ingress[0].ports[0].protocol: \"ICMP\" is not a protocol: it must be TCP, UDP or SCTP"));
    EXPECT_THAT(port_faults("[{protocol: 6}]"), ElementsAre(HasSubstr("protocol: 6 is not a string")));
    EXPECT_THAT(port_faults("{port: 80}"), ElementsAre(HasSubstr("ports: {\"port\":80} is not an array")));
}

TEST(PolicyDecoder, refuses_wrong_port_ranges) {
    EXPECT_THAT(port_faults("[{port: 1}, {port: 80, endPort: 79}]"),
                ElementsAre("spec.ingress[0].ports[1].endPort: 79 is below port 80"));
    EXPECT_THAT(port_faults("[{endPort: 80}]"), ElementsAre(HasSubstr("endPort: 80 needs a port to start from")));
    EXPECT_THAT(port_faults("[{port: http, endPort: 80}]"),
                ElementsAre(HasSubstr("endPort: 80 cannot follow a port name")));
    EXPECT_THAT(port_faults("[{port: 80, endPort: 65536}]"), ElementsAre(HasSubstr("endPort: 65536 is out of range")));
    EXPECT_THAT(port_faults("[{port: 80, endPort: http}]"), ElementsAre(HasSubstr("endPort: \"http\" is not a whole")));
}

TEST(PolicyDecoder, refuses_wrong_peers) {
    EXPECT_THAT(peer_faults("{}"), ElementsAre("spec.egress[0].to[0]: names no peer: podSelector, namespaceSelector or "
                                               "ipBlock is required"));
    EXPECT_THAT(peer_faults("null"), ElementsAre(HasSubstr("to[0]: names no peer")));
    EXPECT_THAT(peer_faults("{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}"),
                ElementsAre(HasSubstr("to[0].ipBlock: cannot be combined with podSelector or namespaceSelector")));
    EXPECT_THAT(peer_faults("{namespaceSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}"),
                ElementsAre(HasSubstr("to[0].ipBlock: cannot be combined")));
    EXPECT_THAT(peer_faults("{podSelector: [1]}"), ElementsAre(HasSubstr("to[0].podSelector: [1] is not an object")));
}

TEST(PolicyDecoder, refuses_wrong_blocks) {
    EXPECT_THAT(peer_faults("{ipBlock: {}}"), ElementsAre(HasSubstr("to[0].ipBlock.cidr: is required")));
    EXPECT_THAT(peer_faults("{ipBlock: {cidr: 10.0.0.0}}"), ElementsAre(HasSubstr("cidr: '10.0.0.0' is not a CIDR")));
    EXPECT_THAT(peer_faults("{ipBlock: {cidr: 10.0.0.0/33}}"), ElementsAre(HasSubstr("'10.0.0.0/33' is not a CIDR")));
    for (const std::string except : {"10.0.0.0/8", "10.0.0.0/7", "11.0.0.0/16", "\"fd00::/64\"", "0.0.0.0/0"})
        EXPECT_THAT(peer_faults("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, " + except + "]}}"),
                    ElementsAre(HasSubstr("ipBlock.except[1]: ")))
            << except;
    EXPECT_THAT(peer_faults("{ipBlock: {cidr: 10.0.0.0/8, except: [nowhere]}}"),
                ElementsAre(HasSubstr("except[0]: 'nowhere' is not a CIDR")));
}

TEST(PolicyDecoder, an_except_with_host_bits_is_its_block) {
    const auto found = policy("spec: {egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.1.2.3/16]}}]}]}");
    EXPECT_THAT(found.egress.at(0).peers.at(0).ip_block->except, ElementsAre(*Prefix::parse("10.1.0.0/16")));
}

TEST(PolicyDecoder, refuses_wrong_requirements) {
    EXPECT_THAT(requirement_faults("{key: a, operator: in, values: [b]}"),
                ElementsAre("spec.podSelector.matchExpressions[0].operator: \"in\" is not an operator: it must be In, "
                            "NotIn, Exists or DoesNotExist"));
    EXPECT_THAT(requirement_faults("{key: a}"), ElementsAre(HasSubstr("operator: is required")));
    EXPECT_THAT(requirement_faults("{operator: Exists}"), ElementsAre(HasSubstr("key: is required")));
    EXPECT_THAT(requirement_faults("{key: a/b/c, operator: Exists}"), ElementsAre(HasSubstr("not a valid label key")));
    EXPECT_THAT(requirement_faults("{key: a, operator: In}"),
                ElementsAre(HasSubstr("values: is required with operators In")));
    EXPECT_THAT(requirement_faults("{key: a, operator: NotIn, values: []}"),
                ElementsAre(HasSubstr("values: is required")));
    EXPECT_THAT(requirement_faults("{key: a, operator: Exists, values: [b]}"),
                ElementsAre(HasSubstr("values: [\"b\"] is not allowed with operators Exists")));
    EXPECT_THAT(requirement_faults("{key: a, operator: DoesNotExist, values: [b]}"),
                ElementsAre(HasSubstr("is not allowed")));
    EXPECT_THAT(requirement_faults("{key: a, operator: In, values: [-x]}"),
                ElementsAre(HasSubstr("values[0]: \"-x\"")));
    EXPECT_THAT(requirement_faults("{key: a, operator: In, values: [1]}"),
                ElementsAre(HasSubstr("values[0]: 1 is not a")));
    EXPECT_THAT(requirement_faults("{key: a, operator: In, values: [null]}"),
                ElementsAre(HasSubstr("values[0]: null is not a string")));
}

TEST(PolicyDecoder, refuses_wrong_types) {
    EXPECT_THAT(faults("spec: {policyTypes: [ingress]}"),
                ElementsAre("spec.policyTypes[0]: \"ingress\" is not a policy type: it must be Ingress or Egress"));
    EXPECT_THAT(faults("spec: {policyTypes: [Ingress, Egress, Ingress]}"),
                ElementsAre(HasSubstr("more than two entries")));
    EXPECT_THAT(faults("spec: {podSelector: {matchLabels: {a: 1}}}"),
                ElementsAre("spec.podSelector.matchLabels.a: 1 is not a string: put it in quotes"));
    EXPECT_THAT(faults("spec: {ingress: {}}"), ElementsAre("spec.ingress: {} is not an array"));
    EXPECT_THAT(faults("spec: text"), ElementsAre("spec: \"text\" is not an object"));
}

TEST(PolicyDecoder, every_problem_is_found_at_its_line) {
    EXPECT_THAT(errors_in(std::string(kHead) + "spec:\n  ingress:\n  - ports:\n    - port: 0\n    - port: 1\n"
                                               "      endPort: 0\n  policyTypes: [x]\n"),
                ElementsAre(HasSubstr("test.yaml:10: NetworkPolicy shop/p: spec.policyTypes[0]"),
                            HasSubstr("test.yaml:7: NetworkPolicy shop/p: spec.ingress[0].ports[0].port"),
                            HasSubstr("test.yaml:9: NetworkPolicy shop/p: spec.ingress[0].ports[1].endPort")));
}

/// The substitute for a policy that cannot be read in full.
RestrictedPolicy restricted(const std::string& spec) {
    auto found = restricted_policies("test.yaml", kHead + spec);
    if (found.size() != 1) {
        ADD_FAILURE() << "it can be read";
        return {};
    }
    auto reason = found.front().reason.reason;
    const std::string begin = "NetworkPolicy shop/p: until this is fixed, ";
    EXPECT_THAT(reason, testing::StartsWith(begin));
    return {std::get<NetworkPolicy>(found.front().object.object), reason.substr(begin.size())};
}

constexpr auto kBoth = {Direction::Ingress, Direction::Egress};

TEST(PolicyDecoder, of_a_rule_that_cannot_be_read_nothing_is_left_and_the_rest_stands) {
    const auto [policy, consequence] =
        restricted("spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}, "
                   "{ports: [{port: 81}, {port: 0}]}], egress: [{to: [{ipBlock: {cidr: x}}]}]}");
    EXPECT_EQ(policy.pod_selector.match_labels, (flowgen::Labels{{"app", "web"}}));
    ASSERT_EQ(policy.ingress.size(), 1U);
    EXPECT_THAT(policy.ingress[0].ports, ElementsAre(PolicyPort{Protocol::TCP, std::uint16_t{80}, {}}));
    EXPECT_THAT(policy.egress, testing::IsEmpty());
    EXPECT_THAT(policy.policy_types, testing::ElementsAreArray(kBoth)) << "its egress rule isolated, so it still does";
    EXPECT_EQ(consequence, "spec.ingress[1] allows nothing, spec.egress[0] allows nothing");
}

TEST(PolicyDecoder, rules_that_are_no_list_allow_nothing_and_isolate) {
    const auto [policy, consequence] = restricted("spec: {podSelector: {}, egress: all}");
    EXPECT_THAT(policy.policy_types, testing::ElementsAreArray(kBoth));
    EXPECT_THAT(policy.egress, testing::IsEmpty());
    EXPECT_EQ(consequence, "spec.egress allows nothing");
    EXPECT_THAT(restricted("spec: {ingress: all, egress: []}").policy.policy_types, ElementsAre(Direction::Ingress));
}

TEST(PolicyDecoder, types_that_cannot_be_read_mean_both) {
    const auto [policy, consequence] =
        restricted("spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [ingress], ingress: [{}]}");
    EXPECT_THAT(policy.policy_types, testing::ElementsAreArray(kBoth));
    EXPECT_EQ(policy.pod_selector.match_labels.size(), 1U);
    EXPECT_EQ(policy.ingress.size(), 1U);
    EXPECT_EQ(consequence, "the pods that it selects are isolated in both directions");
}

TEST(PolicyDecoder, a_selector_that_cannot_be_read_isolates_the_namespace_and_allows_nothing) {
    for (const std::string selector :
         {"{matchLabels: {app: 1}}", "{matchExpressions: [{key: a, operator: x}]}", "[]"}) {
        const auto [policy, consequence] =
            restricted("spec: {podSelector: " + selector + ", policyTypes: [Egress], egress: [{}]}");
        EXPECT_TRUE(policy.pod_selector.empty()) << selector;
        EXPECT_THAT(policy.policy_types, ElementsAre(Direction::Egress)) << selector;
        EXPECT_THAT(policy.egress, testing::IsEmpty()) << selector;
        EXPECT_EQ(consequence, "all pods of namespace shop are isolated, and the policy allows nothing");
    }
    EXPECT_THAT(restricted("spec: text").policy.policy_types, ElementsAre(Direction::Ingress));
}

TEST(PolicyDecoder, another_version_or_group_or_none_isolates_the_namespace) {
    for (const std::string head : {"apiVersion: networking.k8s.io/v2\n", "apiVersion: extensions/v1beta1\n",
                                   "apiVersion: crd.projectcalico.org/v1\n", "apiVersion: example.org/v1\n",
                                   "apiVersion: 1\n", "apiVersion: ''\n", ""}) {
        const auto found = restricted_policies(
            "test.yaml", head + "kind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {ingress: [{}]}\n");
        ASSERT_EQ(found.size(), 1U) << head;
        const auto& policy = std::get<NetworkPolicy>(found[0].object.object);
        EXPECT_EQ(policy.id, (flowgen::ObjectName{"shop", "p"})) << head;
        EXPECT_THAT(policy.policy_types, testing::ElementsAreArray(kBoth)) << head;
        EXPECT_THAT(policy.ingress, testing::IsEmpty()) << head;
        EXPECT_THAT(found[0].reason.reason, HasSubstr("all pods of namespace shop are isolated")) << head;
    }
}

TEST(PolicyDecoder, whose_name_cannot_be_read_stands_for_nothing) {
    EXPECT_THAT(restricted_policies("test.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
                                                 "metadata: {name: [], namespace: shop}\nspec: {ingress: [1]}\n"),
                testing::IsEmpty());
}

TEST(PolicyDecoder, long_values_are_cut_in_messages) {
    const auto found = faults("spec: '" + std::string(5000, 'x') + "'");
    ASSERT_THAT(found, ElementsAre(HasSubstr("xxx... is not an object")));
    EXPECT_LT(found.front().size(), 200U);
}

} // namespace
} // namespace agent::cluster
