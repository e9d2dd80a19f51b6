// Manifests with random damage: whatever the input, the result is objects or errors with a line
// inside the text.
#include "daemonset/cluster/manifests/manifest_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

namespace agent::cluster {
namespace {

constexpr std::string_view kYaml = R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop, labels: {app.io/name: "web"}}
spec:
  podSelector: {matchExpressions: [{key: tier, operator: In, values: [a, b]}]}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
    - namespaceSelector: {}
      podSelector: {matchLabels: {app: db}}
    ports:
    - {port: 80, endPort: 90, protocol: TCP}
    - port: http
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: &meta {name: web-1, namespace: shop, labels: {app: web}}
  spec: {nodeName: n1, hostNetwork: false, containers: [{ports: [{containerPort: 80, name: http}]}]}
  status: {phase: Running, podIPs: [{ip: 10.1.1.2}, {ip: "fd00::2"}]}
- {apiVersion: v1, kind: Service, metadata: *meta}
- apiVersion: v1
  kind: Node
  metadata: {<<: *meta, name: n1}
  spec: {podCIDRs: [10.1.1.0/24, "fd00:1::/64"]}
  status: {addresses: [{type: InternalIP, address: 172.30.0.1}]}
)";

constexpr std::string_view kJson = R"({"apiVersion": "apps/v1", "kind": "Deployment",
 "metadata": {"name": "web", "labels": {"a": "b"}},
 "spec": {"replicas": 3, "template": {"metadata": {"labels": {"app": "\u00e4\ud83d\ude00"}},
  "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 8.0e1, "protocol": "UDP"}]}]}}}}
{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "x"}}, null, 5]}
)";

constexpr std::array<std::string_view, 28> kPieces{
    ":",  "- ",    "\n",   "  ",    "{",     "}",      "[",   "]",  "\"", "'", "&x ", "*x",      "<<: ", "null",
    "-1", "65536", "1e99", "---\n", "...\n", "!!int ", "|\n", "? ", "#",  "%", "\t",  "\\u0000", "\xff", "List"};

/// Replays a failure: SEED=N.
std::uint64_t chosen_seed() {
    const char* given = std::getenv("SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

void damage(std::string& text, std::mt19937_64& random) {
    const auto at = [&] { return text.empty() ? 0 : random() % text.size(); };
    switch (random() % 5) {
    case 0:
        text.insert(at(), kPieces.at(random() % kPieces.size()));
        return;
    case 1:
        text.erase(at(), random() % 20);
        return;
    case 2:
        text.insert(at(), text.substr(at(), random() % 60));
        return;
    case 3:
        text.resize(at());
        return;
    default:
        if (!text.empty()) text[at()] = static_cast<char>(random());
    }
}

void expect_answer(const std::string& file, const std::string& text) {
    const auto decoded = decode_manifest(file, text);
    if (decoded) return;
    const auto lines = std::ranges::count(text, '\n') + 1;
    ASSERT_FALSE(decoded.error().empty());
    for (const FileError& error : decoded.error()) {
        ASSERT_GE(error.line, 1) << error.text();
        ASSERT_LE(error.line, lines + 1) << error.text();
        ASSERT_FALSE(error.reason.empty());
    }
}

TEST(Mutation, damaged_manifests_give_objects_or_errors) {
    const std::uint64_t seed = chosen_seed();
    SCOPED_TRACE("replay with SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    ASSERT_TRUE(decode_manifest("a.yaml", kYaml));
    for (int round = 0; round < 5000 && !testing::Test::HasFatalFailure(); ++round) {
        const bool is_json = random() % 3 == 0;
        std::string text(is_json ? kJson : kYaml);
        for (auto times = 1 + random() % 4; times > 0; --times) damage(text, random);
        SCOPED_TRACE("round " + std::to_string(round) + ":\n" + text);
        ASSERT_NO_THROW(expect_answer(is_json ? "a.json" : "a.yaml", text));
    }
}

} // namespace
} // namespace agent::cluster
