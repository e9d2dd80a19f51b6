// The reference itself, checked against cases written by hand from the Kubernetes documentation of
// NetworkPolicy.
#include "tests/judge/reference.h"

#include <gtest/gtest.h>

namespace judge {
namespace {

using namespace flowgen;

ObjectName named(const std::string& text) {
    const auto slash = text.find('/');
    return {.namespace_ = text.substr(0, slash), .name = text.substr(slash + 1)};
}

LabelSelector with(const Labels& labels) { return {.match_labels = labels, .match_expressions = {}}; }
LabelSelector requiring(const LabelRequirement& requirement) {
    return {.match_labels = {}, .match_expressions = {requirement}};
}

PolicyPeer pods_with(const Labels& labels) {
    return {.pod_selector = with(labels), .namespace_selector = {}, .ip_block = {}};
}
PolicyPeer pods_of(const LabelSelector& namespaces) {
    return {.pod_selector = {}, .namespace_selector = namespaces, .ip_block = {}};
}
PolicyPeer block(const std::string& cidr, const std::vector<std::string>& holes = {}) {
    IpBlock result{.cidr = *Prefix::parse(cidr), .except = {}};
    for (const auto& hole : holes) result.except.push_back(*Prefix::parse(hole));
    return {.pod_selector = {}, .namespace_selector = {}, .ip_block = result};
}

PolicyPort tcp(std::uint16_t port) { return {.protocol = Protocol::TCP, .port = port, .end_port = {}}; }
PolicyPort tcp(std::uint16_t first, std::uint16_t last) {
    return {.protocol = Protocol::TCP, .port = first, .end_port = last};
}
PolicyPort called(const std::string& name) { return {.protocol = Protocol::TCP, .port = name, .end_port = {}}; }

/// default/db (role=db), default/frontend (role=frontend) and default/other on node1, myproject/client (project
/// namespace) and nowhere/pod, whose namespace is not declared, on node2.
class Reference : public testing::Test {
  protected:
    Reference() {
        add_node("node1", "10.1.1.0/24", {"172.30.0.1", "203.0.113.1"});
        add_node("node2", "10.1.2.0/24", {"172.30.0.2"});
        state_.namespaces["default"] = {.name = "default", .labels = {{kNamespaceNameLabel, "default"}}, .created = ""};
        state_.namespaces["myproject"] = {.name = "myproject", .labels = {{"project", "myproject"}}, .created = ""};
        add_pod("default/db", "node1", "10.1.1.2", {{"role", "db"}});
        state_.pods[named("default/db")].ports = {{.name = "redis", .protocol = Protocol::TCP, .number = 6379},
                                                  {.name = "stats", .protocol = Protocol::UDP, .number = 80}};
        add_pod("default/frontend", "node1", "10.1.1.3", {{"role", "frontend"}});
        state_.pods[named("default/frontend")].ports = {{.name = "redis", .protocol = Protocol::TCP, .number = 7000}};
        add_pod("default/other", "node2", "10.1.2.2", {});
        add_pod("myproject/client", "node2", "10.1.2.3", {{"role", "client"}});
        add_pod("nowhere/pod", "node2", "10.1.2.4", {{"role", "frontend"}});
    }

    void add_node(const std::string& name, const std::string& cidr, const std::vector<std::string>& addresses) {
        Node node{.name = name, .pod_cidrs = {*Prefix::parse(cidr)}, .addresses = {}};
        for (const auto& address : addresses) node.addresses.push_back(*IpAddress::parse(address));
        state_.nodes[name] = node;
    }

    void add_pod(const std::string& name, const std::string& node, const std::string& address, const Labels& labels) {
        auto& pod = state_.pods[named(name)];
        pod.id = named(name);
        pod.labels = labels;
        pod.node = node;
        pod.addresses = {*IpAddress::parse(address)};
    }

    /// A policy in namespace default for these pods, to be completed.
    NetworkPolicy& policy(const Labels& selected, const std::vector<Direction>& types = {}) {
        const ObjectName name{.namespace_ = "default", .name = "policy" + std::to_string(state_.policies.size())};
        return state_.policies[name] = {
                   .id = name, .pod_selector = with(selected), .policy_types = types, .ingress = {}, .egress = {}};
    }

    [[nodiscard]] End pod(const std::string& name) const {
        return {.who = PodEnd{named(name)}, .address = state_.pods.at(named(name)).addresses.front()};
    }
    [[nodiscard]] static End host(const std::string& node, const std::string& address) {
        return {.who = HostEnd{node}, .address = *IpAddress::parse(address)};
    }
    [[nodiscard]] static End outside(const std::string& address) {
        return {.who = OutsideEnd{}, .address = *IpAddress::parse(address)};
    }

    [[nodiscard]] bool allowed(const End& from, const End& to, std::uint16_t port = 6379,
                               std::uint8_t number = protocol::kTcp) const {
        return judge(state_, {.from = from, .to = to, .protocol = number, .destination_port = port}).allowed;
    }

    ClusterState state_;
};

TEST_F(Reference, without_policies_everything_is_allowed) {
    EXPECT_TRUE(allowed(pod("myproject/client"), pod("default/db")));
    EXPECT_TRUE(allowed(pod("default/db"), outside("192.0.2.1"), 53, protocol::kUdp));
    EXPECT_TRUE(allowed(outside("192.0.2.1"), pod("default/db"), 0, protocol::kIcmp));
}

// The example of the page "Network Policies": role=db takes 6379/TCP from 172.17.0.0/16 except 172.17.1.0/24, from
// namespaces with project=myproject and from role=frontend, and may send 5978/TCP to 10.0.0.0/24.
TEST_F(Reference, the_example_of_the_documentation) {
    auto& example = policy({{"role", "db"}}, {Direction::Ingress, Direction::Egress});
    example.ingress = {{.peers = {block("172.17.0.0/16", {"172.17.1.0/24"}), pods_of(with({{"project", "myproject"}})),
                                  pods_with({{"role", "frontend"}})},
                        .ports = {tcp(6379)}}};
    example.egress = {{.peers = {block("10.0.0.0/24")}, .ports = {tcp(5978)}}};

    EXPECT_TRUE(allowed(outside("172.17.0.1"), pod("default/db")));
    EXPECT_TRUE(allowed(outside("172.17.2.255"), pod("default/db")));
    EXPECT_FALSE(allowed(outside("172.17.1.1"), pod("default/db")));
    EXPECT_FALSE(allowed(outside("172.18.0.0"), pod("default/db")));
    EXPECT_TRUE(allowed(pod("myproject/client"), pod("default/db")));
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db")));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 6380));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 6379, protocol::kUdp));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 0, protocol::kIcmp));
    EXPECT_FALSE(allowed(pod("default/other"), pod("default/db")));
    EXPECT_FALSE(allowed(pod("nowhere/pod"), pod("default/db"))) << "role=frontend, but of another namespace";
    EXPECT_TRUE(allowed(pod("default/db"), outside("10.0.0.7"), 5978));
    EXPECT_FALSE(allowed(pod("default/db"), outside("10.0.0.7"), 5979));
    EXPECT_FALSE(allowed(pod("default/db"), outside("10.0.1.7"), 5978));
    EXPECT_TRUE(allowed(pod("myproject/client"), pod("default/frontend"))) << "not selected, so not isolated";
}

TEST_F(Reference, an_empty_pod_selector_selects_every_pod_of_its_namespace_only) {
    policy({}, {Direction::Ingress});
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db")));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/other")));
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("myproject/client")));
}

TEST_F(Reference, policy_types_default_to_ingress_and_to_egress_where_there_are_egress_rules) {
    policy({{"role", "db"}});
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db")));
    EXPECT_TRUE(allowed(pod("default/db"), pod("default/frontend")));
    policy({{"role", "db"}}).egress = {{.peers = {}, .ports = {tcp(1)}}};
    EXPECT_FALSE(allowed(pod("default/db"), pod("default/frontend")));
    EXPECT_TRUE(allowed(pod("default/db"), pod("default/frontend"), 1));
}

TEST_F(Reference, rules_of_a_direction_that_policy_types_leave_out_count_for_nothing) {
    auto& egress_only = policy({{"role", "db"}}, {Direction::Egress});
    egress_only.ingress = {{.peers = {pods_with({{"role", "nobody"}})}, .ports = {}}};
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db")));
    EXPECT_FALSE(allowed(pod("default/db"), pod("default/frontend")));
}

TEST_F(Reference, policies_add) {
    policy({{"role", "db"}}).ingress = {{.peers = {pods_with({{"role", "frontend"}})}, .ports = {tcp(1)}}};
    policy({}).ingress = {{.peers = {pods_with({{"role", "frontend"}})}, .ports = {tcp(2)}}};
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db"), 1));
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db"), 2));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 3));
    EXPECT_FALSE(allowed(pod("default/db"), pod("default/frontend"), 1)) << "the first does not select frontend";
}

TEST_F(Reference, both_sides_must_agree) {
    policy({{"role", "frontend"}}, {Direction::Egress});
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db")));
    policy({{"role", "frontend"}}, {Direction::Egress}).egress = {
        {.peers = {pods_with({{"role", "db"}})}, .ports = {}}};
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db")));
    policy({{"role", "db"}}, {Direction::Ingress});
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db")));
}

TEST_F(Reference, one_empty_rule_allows_all_and_no_rule_nothing) {
    policy({{"role", "db"}}, {Direction::Ingress});
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 0, protocol::kIcmp));
    policy({{"role", "db"}}, {Direction::Ingress}).ingress = {{.peers = {}, .ports = {}}};
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db"), 0, protocol::kIcmp));
    EXPECT_TRUE(allowed(outside("192.0.2.1"), pod("default/db")));
}

TEST_F(Reference, match_expressions_mean_what_the_api_says) {
    using Operator = LabelRequirement::Operator;
    const auto admits = [&](const LabelSelector& selector, const std::string& sender) {
        auto& only = policy({{"role", "db"}}, {Direction::Ingress});
        only.ingress = {{.peers = {{.pod_selector = selector, .namespace_selector = {}, .ip_block = {}}}, .ports = {}}};
        const bool result = allowed(pod(sender), pod("default/db"));
        state_.policies.clear();
        return result;
    };
    const auto role = [](Operator op, const std::set<std::string>& values) {
        return requiring({.key = "role", .op = op, .values = values});
    };
    EXPECT_TRUE(admits(role(Operator::In, {"frontend", "x"}), "default/frontend"));
    EXPECT_FALSE(admits(role(Operator::In, {"x"}), "default/frontend"));
    EXPECT_FALSE(admits(role(Operator::In, {"x"}), "default/other"));
    EXPECT_FALSE(admits(role(Operator::NotIn, {"frontend"}), "default/frontend"));
    EXPECT_TRUE(admits(role(Operator::NotIn, {"frontend"}), "default/other")) << "has no such key";
    EXPECT_TRUE(admits(role(Operator::Exists, {}), "default/frontend"));
    EXPECT_FALSE(admits(role(Operator::Exists, {}), "default/other"));
    EXPECT_FALSE(admits(role(Operator::DoesNotExist, {}), "default/frontend"));
    EXPECT_TRUE(admits(role(Operator::DoesNotExist, {}), "default/other"));
}

TEST_F(Reference, namespace_selectors_see_the_name_label_of_every_namespace) {
    policy({{"role", "db"}}).ingress = {{.peers = {pods_of(with({{kNamespaceNameLabel, "nowhere"}}))}, .ports = {}}};
    EXPECT_TRUE(allowed(pod("nowhere/pod"), pod("default/db")));
    EXPECT_FALSE(allowed(pod("myproject/client"), pod("default/db")));
    policy({{"role", "db"}}).ingress = {{.peers = {pods_of(with({{kNamespaceNameLabel, "myproject"}}))}, .ports = {}}};
    EXPECT_TRUE(allowed(pod("myproject/client"), pod("default/db"))) << "its manifest omits the label";
}

TEST_F(Reference, both_selectors_in_one_peer_must_match) {
    policy({{"role", "db"}}).ingress = {{.peers = {{.pod_selector = with({{"role", "client"}}),
                                                    .namespace_selector = with({{"project", "myproject"}}),
                                                    .ip_block = {}}},
                                         .ports = {}}};
    EXPECT_TRUE(allowed(pod("myproject/client"), pod("default/db")));
    state_.pods[named("myproject/client")].labels = {{"role", "frontend"}};
    EXPECT_FALSE(allowed(pod("myproject/client"), pod("default/db")));
}

TEST_F(Reference, port_ranges_include_both_ends) {
    policy({{"role", "db"}}).ingress = {{.peers = {}, .ports = {tcp(32000, 32768)}}};
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 31999));
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db"), 32000));
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db"), 32768));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 32769));
}

TEST_F(Reference, a_protocol_alone_means_all_its_ports) {
    policy({{"role", "db"}}).ingress = {
        {.peers = {}, .ports = {{.protocol = Protocol::SCTP, .port = {}, .end_port = {}}}}};
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db"), 1, protocol::kSctp));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 1, protocol::kTcp));
}

TEST_F(Reference, a_named_port_means_each_destinations_own_number) {
    policy({}).ingress = {{.peers = {}, .ports = {called("redis")}}};
    EXPECT_TRUE(allowed(pod("default/other"), pod("default/db"), 6379));
    EXPECT_FALSE(allowed(pod("default/other"), pod("default/db"), 7000));
    EXPECT_TRUE(allowed(pod("default/other"), pod("default/frontend"), 7000));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/other"), 6379)) << "other declares no such port";
}

TEST_F(Reference, a_named_port_of_another_protocol_does_not_match) {
    policy({{"role", "db"}}).ingress = {{.peers = {}, .ports = {called("stats")}}};
    EXPECT_FALSE(allowed(pod("default/other"), pod("default/db"), 80, protocol::kTcp));
    EXPECT_FALSE(allowed(pod("default/other"), pod("default/db"), 80, protocol::kUdp)) << "the policy says TCP";
}

TEST_F(Reference, an_egress_name_is_resolved_on_the_receiver) {
    policy({{"role", "frontend"}}, {Direction::Egress}).egress = {{.peers = {}, .ports = {called("redis")}}};
    EXPECT_TRUE(allowed(pod("default/frontend"), pod("default/db"), 6379));
    EXPECT_FALSE(allowed(pod("default/frontend"), pod("default/db"), 7000)) << "that is the sender's own number";
    EXPECT_FALSE(allowed(pod("default/frontend"), outside("192.0.2.1"), 6379)) << "the outside has no names";
}

TEST_F(Reference, ip_blocks_cover_pods_too) {
    policy({{"role", "db"}}).ingress = {{.peers = {block("10.1.2.0/24", {"10.1.2.3/32"})}, .ports = {}}};
    EXPECT_TRUE(allowed(pod("default/other"), pod("default/db")));
    EXPECT_FALSE(allowed(pod("myproject/client"), pod("default/db")));
}

TEST_F(Reference, the_own_node_always_reaches_its_pods) {
    policy({}, {Direction::Ingress, Direction::Egress});
    EXPECT_TRUE(allowed(host("node1", "10.1.1.1"), pod("default/db")));
    EXPECT_TRUE(allowed(host("node1", "172.30.0.1"), pod("default/db")));
    EXPECT_FALSE(allowed(host("node2", "10.1.2.1"), pod("default/db")));
    EXPECT_FALSE(allowed(pod("default/db"), host("node1", "172.30.0.1"))) << "egress knows no such exception";
}

TEST_F(Reference, a_block_with_one_address_of_a_node_admits_all_of_them) {
    policy({{"role", "db"}}).ingress = {{.peers = {block("172.30.0.2/32")}, .ports = {tcp(443)}}};
    EXPECT_TRUE(allowed(host("node2", "10.1.2.1"), pod("default/db"), 443));
    EXPECT_TRUE(allowed(host("node2", "172.30.0.2"), pod("default/db"), 443));
    EXPECT_FALSE(allowed(host("node2", "10.1.2.1"), pod("default/db"), 80));
    state_.policies.clear();
    policy({{"role", "db"}}).ingress = {{.peers = {block("10.1.2.1/32")}, .ports = {}}};
    EXPECT_TRUE(allowed(host("node2", "172.30.0.2"), pod("default/db"))) << "its gateway address is covered";
    EXPECT_FALSE(allowed(pod("default/other"), pod("default/db")));
    state_.policies.clear();
    policy({{"role", "db"}}).ingress = {{.peers = {block("172.30.0.0/24", {"172.30.0.2/32"})}, .ports = {}}};
    EXPECT_FALSE(allowed(host("node2", "172.30.0.2"), pod("default/db"))) << "excepted, and nothing else covered";
}

TEST_F(Reference, egress_to_a_node_is_by_destination_address_alone) {
    policy({{"role", "db"}}, {Direction::Egress}).egress = {{.peers = {block("172.30.0.2/32")}, .ports = {}}};
    EXPECT_TRUE(allowed(pod("default/db"), host("node2", "172.30.0.2")));
    EXPECT_FALSE(allowed(pod("default/db"), host("node2", "10.1.2.1")));
    state_.policies.clear();
    policy({{"role", "db"}}, {Direction::Egress}).egress = {{.peers = {pods_of({})}, .ports = {}}};
    EXPECT_FALSE(allowed(pod("default/db"), host("node2", "172.30.0.2"))) << "selectors match pods only";
}

TEST_F(Reference, a_pod_always_reaches_itself) {
    policy({}, {Direction::Ingress, Direction::Egress});
    EXPECT_TRUE(allowed(pod("default/db"), pod("default/db")));
}

TEST_F(Reference, what_is_no_address_of_a_network_is_never_delivered) {
    for (const char* address : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
                                "::", "::1", "::ffff:7f00:1", "ff02::1"}) {
        EXPECT_FALSE(allowed(pod("default/db"), outside(address))) << address;
        EXPECT_FALSE(allowed(outside(address), pod("default/db"))) << address;
    }
    for (const char* address : {"1.0.0.0", "126.255.255.255", "128.0.0.1", "223.255.255.255", "64:ff9b::1"})
        EXPECT_TRUE(allowed(pod("default/db"), outside(address))) << address;
}

TEST_F(Reference, the_reserved_block_is_ordinary_once_the_cluster_has_an_address_in_it) {
    state_.service_cidrs = {*ipam::Prefix::parse("240.10.0.0/16")};
    EXPECT_TRUE(allowed(pod("default/db"), outside("240.0.0.1")));
    EXPECT_TRUE(allowed(outside("240.0.0.1"), pod("default/db")));
    EXPECT_FALSE(allowed(pod("default/db"), outside("255.255.255.255")));
}

TEST_F(Reference, host_network_and_finished_pods_are_never_selected) {
    policy({}, {Direction::Ingress});
    auto& selected = state_.pods[named("default/db")];
    EXPECT_TRUE(selects(state_.policies.begin()->second, selected));
    selected.host_network = true;
    EXPECT_FALSE(selects(state_.policies.begin()->second, selected));
    selected.host_network = false;
    selected.finished = true;
    EXPECT_FALSE(selects(state_.policies.begin()->second, selected));
}

TEST_F(Reference, verdicts_name_the_rule_or_the_isolation) {
    policy({{"role", "db"}}).ingress = {{.peers = {}, .ports = {tcp(1)}}, {.peers = {}, .ports = {tcp(2)}}};
    const auto reason = [&](std::uint16_t port) {
        return judge(state_, {.from = pod("default/frontend"),
                              .to = pod("default/db"),
                              .protocol = protocol::kTcp,
                              .destination_port = port})
            .reason;
    };
    EXPECT_EQ(reason(2), "default/frontend is not isolated in egress; ingress rule 1 of default/policy0 admits");
    EXPECT_EQ(reason(3),
              "default/frontend is not isolated in egress; ingress of default/db is isolated by default/policy0");
}

} // namespace
} // namespace judge
