// The random clusters: the same for the same seed, and together they use everything in the API.
#include "tests/judge/random_attempts.h"

#include <gtest/gtest.h>

#include <set>

namespace judge {
namespace {

using namespace flowgen;

Cluster cluster_of(std::uint64_t seed) {
    Random random(seed);
    auto cluster = random_cluster(random);
    cluster.state.policies = random_policies(cluster, random);
    return cluster;
}

TEST(RandomCluster, a_seed_repeats_the_cluster) {
    EXPECT_TRUE(cluster_of(5).state == cluster_of(5).state);
    EXPECT_FALSE(cluster_of(5).state == cluster_of(6).state);
}

TEST(RandomCluster, every_attachment_is_a_pods_with_its_addresses_in_the_pod_cidrs) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto cluster = cluster_of(seed);
        for (const auto& [name, local] : cluster.locals) {
            std::set<std::uint32_t> ports;
            for (const auto& attachment : local.attachments) {
                EXPECT_TRUE(ports.insert(attachment.ofport).second) << "a port used twice";
                const auto& pod = cluster.state.pods.at(*attachment.pod);
                EXPECT_TRUE(pod.node == name && !pod.host_network && !pod.finished);
                const auto& cidrs = cluster.state.nodes.at(name).pod_cidrs;
                ASSERT_EQ(attachment.addresses.size(), cidrs.size());
                for (std::size_t i = 0; i < cidrs.size(); ++i) EXPECT_TRUE(cidrs[i].contains(attachment.addresses[i]));
            }
        }
    }
}

class Features {
  public:
    void see(const Cluster& cluster);
    [[nodiscard]] const std::set<std::string>& seen() const { return seen_; }

  private:
    void see(const PolicyRule& rule, const std::string& direction);
    void see(const LabelSelector& selector);

    std::set<std::string> seen_;
};

void Features::see(const LabelSelector& selector) {
    if (selector.empty()) seen_.insert("empty selector");
    if (!selector.match_labels.empty()) seen_.insert("matchLabels");
    for (const auto& requirement : selector.match_expressions) {
        seen_.insert("operator " + std::to_string(static_cast<int>(requirement.op)));
    }
}

void Features::see(const PolicyRule& rule, const std::string& direction) {
    if (rule.peers.empty()) seen_.insert(direction + " no peers");
    if (rule.ports.empty()) seen_.insert(direction + " no ports");
    for (const auto& peer : rule.peers) {
        if (peer.ip_block) {
            seen_.insert(direction + " " + std::string(ipam::name(peer.ip_block->cidr.family())) + " block");
            if (peer.ip_block->except.size() > 1) seen_.insert(direction + " several holes");
            if (peer.ip_block->cidr.length == 0) seen_.insert(direction + " everywhere");
        }
        if (peer.pod_selector && peer.namespace_selector) seen_.insert(direction + " both selectors");
        if (peer.pod_selector) see(*peer.pod_selector);
        if (peer.namespace_selector) see(*peer.namespace_selector);
    }
    for (const auto& port : rule.ports) {
        seen_.insert("protocol " + std::to_string(static_cast<int>(port.protocol)));
        seen_.insert(direction + " port form " + std::to_string(port.port.index()));
        if (port.end_port) seen_.insert(direction + " endPort");
    }
}

void Features::see(const Cluster& cluster) {
    for (const auto& [name, policy] : cluster.state.policies) {
        seen_.insert("policyTypes " + std::to_string(policy.policy_types.size()));
        see(policy.pod_selector);
        for (const auto& rule : policy.ingress) see(rule, "ingress");
        for (const auto& rule : policy.egress) see(rule, "egress");
    }
    for (const auto& [name, pod] : cluster.state.pods) {
        if (pod.host_network) seen_.insert("hostNetwork pod");
        if (pod.finished) seen_.insert("finished pod");
        if (pod.node.empty()) seen_.insert("unscheduled pod");
        if (!cluster.state.namespaces.contains(name.namespace_)) seen_.insert("undeclared namespace");
    }
}

TEST(RandomCluster, many_of_them_use_every_field_of_the_api) {
    Features features;
    for (std::uint64_t seed = 0; seed < 300; ++seed) features.see(cluster_of(seed));
    std::set<std::string> wanted{"empty selector",  "matchLabels",   "hostNetwork pod", "finished pod",
                                 "unscheduled pod", "protocol 6",    "protocol 17",     "protocol 132",
                                 "policyTypes 0",   "policyTypes 1", "policyTypes 2",   "undeclared namespace",
                                 "operator 0",      "operator 1",    "operator 2",      "operator 3"};
    for (const std::string direction : {"ingress", "egress"}) {
        for (const auto* form :
             {" no peers", " no ports", " IPv4 block", " IPv6 block", " several holes", " everywhere",
              " both selectors", " port form 0", " port form 1", " port form 2", " endPort"}) {
            wanted.insert(direction + form);
        }
    }
    for (const auto& feature : wanted) EXPECT_TRUE(features.seen().contains(feature)) << feature;
}

} // namespace
} // namespace judge
