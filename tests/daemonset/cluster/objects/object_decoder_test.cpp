#include "daemonset/cluster/objects/object_decoder.h"
#include "tests/daemonset/cluster/objects/decode_text.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>

namespace agent::cluster {
namespace {

using flowgen::IpAddress;
using flowgen::Prefix;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ObjectDecoder, every_kind_is_known_in_its_group) {
    const std::vector<std::pair<std::string, std::string>> known{{"v1", "Namespace"},
                                                                 {"v1", "Node"},
                                                                 {"v1", "Pod"},
                                                                 {"apps/v1", "Deployment"},
                                                                 {"batch/v1", "Job"},
                                                                 {"apps/v1", "StatefulSet"},
                                                                 {"apps/v1", "DaemonSet"},
                                                                 {"apps/v1", "ReplicaSet"},
                                                                 {"batch/v1", "CronJob"},
                                                                 {"networking.k8s.io/v1", "NetworkPolicy"}};
    for (const auto& [version, kind] : known) {
        json object{{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", "x"}}}};
        object["spec"] = {{"template", json::object()}, {"jobTemplate", {{"spec", {{"template", json::object()}}}}}};
        const auto decoded = decode(object);
        ASSERT_TRUE(decoded) << kind << decoded.error().front().text();
        ASSERT_TRUE(std::holds_alternative<Object>(*decoded)) << kind;
        EXPECT_EQ(key_of(std::get<Object>(*decoded)).kind, kind);
    }
}

TEST(ObjectDecoder, the_same_kind_of_another_group_is_unknown) {
    for (const auto& [version, kind] :
         std::vector<std::pair<std::string, std::string>>{{"v1", "ConfigMap"},
                                                          {"v1", "Deployment"},
                                                          {"apps/v1", "Pod"},
                                                          {"extensions/v1beta1", "Deployment"},
                                                          {"networking.k8s.io/v1", "Ingress"}}) {
        const auto decoded = decode({{"apiVersion", version}, {"kind", kind}});
        ASSERT_TRUE(decoded);
        EXPECT_EQ(*decoded, Decoded(UnknownKind{version, kind}));
    }
}

TEST(ObjectDecoder, another_version_of_a_known_group_is_refused) {
    EXPECT_THAT(
        errors_in("{apiVersion: networking.k8s.io/v2, kind: NetworkPolicy, metadata: {name: a}}"),
        ElementsAre("test.yaml:1: NetworkPolicy a: apiVersion: \"networking.k8s.io/v2\" is not a supported version of "
                    "NetworkPolicy: use v1"));
}

TEST(ObjectDecoder, a_network_policy_of_another_group_is_refused_and_not_skipped) {
    for (const std::string version :
         {"extensions/v1beta1", "extensions/v1", "crd.projectcalico.org/v1", "projectcalico.org/v3", "v1", "apps/v1",
          "Networking.k8s.io/v1", "networking.k8s.io/", "networking.k8s.io", "/v1"})
        EXPECT_THAT(errors_in("{apiVersion: " + version + ", kind: NetworkPolicy, metadata: {name: a}}"),
                    ElementsAre(testing::StartsWith("test.yaml:1: NetworkPolicy a: apiVersion: \"" + version +
                                                    "\" is not a supported version of NetworkPolicy: use ")))
            << version;
}

TEST(ObjectDecoder, an_object_says_what_it_is) {
    EXPECT_THAT(errors_in("a: 1"),
                ElementsAre("test.yaml:1: object: apiVersion: is required", "test.yaml:1: object: kind: is required"));
    EXPECT_THAT(errors_in("apiVersion: 1\nkind: Pod"),
                ElementsAre("test.yaml:1: Pod: apiVersion: 1 is not a string: put it in quotes"));
    EXPECT_THAT(errors_in("apiVersion: v1\nkind: Pod\nmetadata: {namespace: x}"),
                ElementsAre("test.yaml:3: Pod: metadata.name: is required"));
    EXPECT_THAT(errors_in("apiVersion: v1\nkind: Pod\nmetadata: text"),
                ElementsAre("test.yaml:3: Pod: metadata: \"text\" is not an object",
                            "test.yaml:3: Pod: metadata.name: is required"));
}

TEST(ObjectDecoder, names_follow_their_syntax) {
    EXPECT_THAT(errors_in("{apiVersion: v1, kind: Pod, metadata: {name: A, namespace: b.c}}"),
                ElementsAre(HasSubstr("Pod b.c/A: metadata.name: \"A\" is not a valid name"),
                            HasSubstr("metadata.namespace: \"b.c\" is not a valid name")));
    EXPECT_THAT(errors_in("{apiVersion: v1, kind: Namespace, metadata: {name: b.c}}"),
                ElementsAre(HasSubstr("metadata.name: \"b.c\" is not a valid name: at most 63")));
    EXPECT_THAT(errors_in("{apiVersion: v1, kind: Node, metadata: {name: n_1}}"),
                ElementsAre(HasSubstr("metadata.name: \"n_1\" is not a valid name: at most 253")));
}

TEST(ObjectDecoder, labels_follow_their_syntax) {
    EXPECT_THAT(errors_in("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    -x: y\n    app.io/v: 1.5\n"
                          "    z: a b\n    on: true\n    ok: ''\n    none: null\n"),
                ElementsAre(HasSubstr("test.yaml:5: Pod a: metadata.labels: '-x' is not a valid label key"),
                            "test.yaml:7: Pod a: metadata.labels[app.io/v]: 1.5 is not a string: put it in quotes",
                            "test.yaml:9: Pod a: metadata.labels.on: true is not a string: put it in quotes",
                            HasSubstr("test.yaml:8: Pod a: metadata.labels.z: \"a b\" is not a valid label value")));
}

TEST(NamespaceDecoder, reads_every_field) {
    const auto found = decode_as<flowgen::Namespace>(
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, creationTimestamp: 2024-01-02T03:04:05Z,"
        " labels: {team: a}}}");
    EXPECT_EQ(found, (flowgen::Namespace{
                         "shop", {{"kubernetes.io/metadata.name", "shop"}, {"team", "a"}}, "2024-01-02T03:04:05Z"}));
}

TEST(NamespaceDecoder, the_name_label_is_always_the_name) {
    const auto found = decode_as<flowgen::Namespace>("{apiVersion: v1, kind: Namespace, metadata: {name: shop,"
                                                     " labels: {kubernetes.io/metadata.name: other}}}");
    EXPECT_EQ(found.labels.at("kubernetes.io/metadata.name"), "shop");
}

TEST(NodeDecoder, reads_every_field) {
    const auto node = decode_as<flowgen::Node>(R"(
apiVersion: v1
kind: Node
metadata: {name: n1}
spec:
  podCIDR: 10.1.1.0/24
  podCIDRs: [10.1.1.0/24, "fd00:1:1::/64"]
status:
  addresses:
  - {type: ExternalIP, address: 192.0.2.1}
  - {type: Hostname, address: n1}
  - {type: InternalIP, address: 172.30.0.1}
  - {type: InternalIP, address: "fd00::1"}
)");
    EXPECT_EQ(node.name, "n1");
    EXPECT_THAT(node.pod_cidrs, ElementsAre(*Prefix::parse("10.1.1.0/24"), *Prefix::parse("fd00:1:1::/64")));
    EXPECT_THAT(node.addresses, ElementsAre(*IpAddress::parse("172.30.0.1"), *IpAddress::parse("fd00::1"),
                                            *IpAddress::parse("192.0.2.1")));
}

TEST(NodeDecoder, the_older_field_counts_alone) {
    const auto node =
        decode_as<flowgen::Node>("{apiVersion: v1, kind: Node, metadata: {name: n}, spec: {podCIDR: 10.1.1.9/24}}");
    EXPECT_THAT(node.pod_cidrs, ElementsAre(*Prefix::parse("10.1.1.0/24")));
    EXPECT_THAT(decode_as<flowgen::Node>("{apiVersion: v1, kind: Node, metadata: {name: n}}").pod_cidrs, IsEmpty());
}

TEST(NodeDecoder, refuses_what_cannot_be) {
    EXPECT_THAT(errors_in("apiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec:\n  podCIDRs:\n  - 10.1.1.0\n"
                          "  - 10.1.2.0/24\n  - 10.1.3.0/24\nstatus:\n  addresses:\n"
                          "  - {type: InternalIP, address: nowhere}\n  - {type: InternalIP}\n"),
                ElementsAre(HasSubstr("test.yaml:6: Node n: spec.podCIDRs[0]: '10.1.1.0' is not a CIDR"),
                            HasSubstr("test.yaml:8: Node n: spec.podCIDRs[2]: \"10.1.3.0/24\" is a second IPv4 block"),
                            "test.yaml:11: Node n: status.addresses[0].address: 'nowhere' is not an IP address",
                            "test.yaml:12: Node n: status.addresses[1].address: is required"));
}

TEST(ManifestFile, an_object_given_twice_in_a_file_names_both_lines) {
    EXPECT_THAT(errors_in("{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n"
                          "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}\n---\n"
                          "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default}}\n"),
                ElementsAre("test.yaml:5: Pod default/a is given twice in this file, first in line 1: remove one"));
}

TEST(ManifestFile, unknown_kinds_are_told_once_each) {
    const auto file =
        decode_manifest("x.yaml", "{apiVersion: v1, kind: Service}\n---\n{apiVersion: v1, kind: Service}\n"
                                  "---\n{apiVersion: v1, kind: ConfigMap}\n");
    ASSERT_TRUE(file);
    ASSERT_EQ(file->skipped.size(), 2U);
    EXPECT_EQ(file->skipped[0].text(), "skipped Service (v1), which the network does not use, first in x.yaml:1");
    EXPECT_EQ(file->skipped[1].kind.kind, "ConfigMap");
    EXPECT_EQ(file->skipped[1].line, 5);
}

} // namespace
} // namespace agent::cluster
