#include "tests/daemonset/cluster/objects/decode_text.h"

#include <gmock/gmock.h>

namespace agent::cluster {
namespace {

using flowgen::ContainerPort;
using flowgen::IpAddress;
using flowgen::Protocol;
using flowgen::Workload;
using testing::ElementsAre;
using testing::HasSubstr;

flowgen::Pod pod(const std::string& rest) {
    return decode_as<flowgen::Pod>("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n" + rest);
}

std::vector<std::string> pod_errors(const std::string& rest) {
    return errors_in("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n" + rest);
}

TEST(PodDecoder, reads_every_field) {
    const auto found = decode_as<flowgen::Pod>(R"(
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, uid: 1234-5, labels: {app: web, tier: ""}}
spec:
  nodeName: n1
  hostNetwork: true
  containers:
  - name: a
    ports:
    - {name: http, containerPort: 80}
    - {name: dns, containerPort: 53, protocol: UDP}
  - name: b
    ports: [{containerPort: 36412, protocol: SCTP}, {name: http, containerPort: 8080, protocol: TCP}]
status:
  phase: Running
  podIP: 10.1.1.5
  podIPs: [{ip: 10.1.1.5}, {ip: "fd00::5"}]
)");
    const flowgen::Pod expected{.id = {"shop", "web-1"},
                                .uid = "1234-5",
                                .labels = {{"app", "web"}, {"tier", ""}},
                                .node = "n1",
                                .host_network = true,
                                .finished = false,
                                .ports = {{"http", Protocol::TCP, 80},
                                          {"dns", Protocol::UDP, 53},
                                          {"", Protocol::SCTP, 36412},
                                          {"http", Protocol::TCP, 8080}},
                                .addresses = {*IpAddress::parse("10.1.1.5"), *IpAddress::parse("fd00::5")}};
    EXPECT_EQ(found, expected);
}

TEST(PodDecoder, absent_fields_and_nulls_have_their_defaults) {
    flowgen::Pod plain;
    plain.id = {"default", "a"};
    EXPECT_EQ(pod(""), plain);
    EXPECT_EQ(pod("spec: {nodeName: '', hostNetwork: null, containers: null}\nstatus: {podIP: '', podIPs: null}"),
              plain);
    EXPECT_EQ(pod("unknown: [1]\nspec: {unknown: {x: 1}, containers: [{name: a}]}"), plain);
}

TEST(PodDecoder, the_ports_of_sidecars_count_and_those_of_other_init_containers_do_not) {
    const auto found = pod("spec: {initContainers: [{ports: [{containerPort: 1}]},"
                           " {restartPolicy: Always, ports: [{name: mesh, containerPort: 15001}]}]}");
    EXPECT_THAT(found.ports, ElementsAre(ContainerPort{"mesh", Protocol::TCP, 15001}));
}

TEST(PodDecoder, pods_that_have_ended_are_finished) {
    EXPECT_TRUE(pod("status: {phase: Succeeded}").finished);
    EXPECT_TRUE(pod("status: {phase: Failed}").finished);
    EXPECT_FALSE(pod("status: {phase: Pending}").finished);
    EXPECT_FALSE(pod("status: {phase: Unknown}").finished);
}

TEST(PodDecoder, the_single_address_counts_where_the_list_is_absent) {
    EXPECT_THAT(pod("status: {podIP: 10.1.1.5}").addresses, ElementsAre(*IpAddress::parse("10.1.1.5")));
}

TEST(PodDecoder, refuses_wrong_ports) {
    EXPECT_THAT(
        pod_errors("spec:\n  containers:\n  - ports:\n    - {containerPort: 0}\n    - {containerPort: 65536}\n"
                   "    - {containerPort: \"80\"}\n    - {name: Http, containerPort: 80}\n"
                   "    - {containerPort: 80, protocol: tcp}\n    - {name: x}\n    - {name: x, containerPort: 5}\n"
                   "    - {containerPort: 8.5}\n    - {containerPort: 18446744073709551615}\n"),
        ElementsAre(
            "test.yaml:7: Pod a: spec.containers[0].ports[0].containerPort: 0 is out of range: it must be 1 to 65535",
            HasSubstr("test.yaml:8: Pod a: spec.containers[0].ports[1].containerPort: 65536 is out of range"),
            HasSubstr("ports[2].containerPort: \"80\" is not a whole number: leave out the quotes"),
            HasSubstr("ports[3].name: \"Http\" is not a valid port name"),
            HasSubstr("ports[4].protocol: \"tcp\" is not a protocol: it must be TCP, UDP or SCTP"),
            HasSubstr("ports[5].containerPort: is required"),
            HasSubstr("ports[6].name: \"x\" names two ports of this container"),
            HasSubstr("ports[7].containerPort: 8.5 is not a whole number"),
            HasSubstr("ports[8].containerPort: 18446744073709551615 is out of range")));
}

TEST(PodDecoder, refuses_wrong_types) {
    EXPECT_THAT(pod_errors("spec: {hostNetwork: 'true', nodeName: 5, containers: {}, initContainers: [1]}"),
                ElementsAre(HasSubstr("spec.nodeName: 5 is not a string"),
                            HasSubstr("spec.hostNetwork: \"true\" is not true or false"),
                            HasSubstr("spec.containers: {} is not an array"),
                            HasSubstr("spec.initContainers[0]: 1 is not an object")));
    EXPECT_THAT(pod_errors("status: {podIPs: [{ip: x}, {}]}"),
                ElementsAre(HasSubstr("status.podIPs[0].ip: 'x' is not an IP address"),
                            HasSubstr("status.podIPs[1].ip: is required")));
    EXPECT_THAT(pod_errors("spec: {nodeName: A B}"),
                ElementsAre(HasSubstr("spec.nodeName: \"A B\" is not a valid name")));
}

TEST(WorkloadDecoder, reads_every_field) {
    const auto found = decode_as<Workload>(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {of: deployment}}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: true
      nodeName: n1
      containers: [{ports: [{containerPort: 80}]}]
)");
    Workload expected{"Deployment", {"shop", "web"}, 3, {}};
    expected.pod_template.id.namespace_ = "shop";
    expected.pod_template.labels = {{"app", "web"}};
    expected.pod_template.node = "n1";
    expected.pod_template.host_network = true;
    expected.pod_template.ports = {{"", Protocol::TCP, 80}};
    EXPECT_EQ(found, expected);
}

TEST(WorkloadDecoder, each_kind_counts_its_replicas_its_way) {
    const auto replicas = [](const std::string& version, const std::string& kind, const std::string& spec) {
        const auto found = decode_as<Workload>("{apiVersion: " + version + ", kind: " + kind +
                                               ", metadata: {name: x}, spec: {" + spec + "}}");
        EXPECT_EQ(found.kind, kind);
        return found.replicas;
    };
    EXPECT_EQ(replicas("apps/v1", "Deployment", "template: {}"), 1);
    EXPECT_EQ(replicas("apps/v1", "Deployment", "replicas: 0, template: {}"), 0);
    EXPECT_EQ(replicas("apps/v1", "StatefulSet", "replicas: 4, template: {}"), 4);
    EXPECT_EQ(replicas("apps/v1", "ReplicaSet", "replicas: 5, template: {}"), 5);
    EXPECT_EQ(replicas("apps/v1", "DaemonSet", "replicas: 5, template: {}"), 1);
    EXPECT_EQ(replicas("batch/v1", "Job", "parallelism: 6, replicas: 7, template: {}"), 6);
    EXPECT_EQ(replicas("batch/v1", "Job", "template: {}"), 1);
    EXPECT_EQ(replicas("batch/v1", "CronJob", "parallelism: 6, jobTemplate: {spec: {template: {}}}"), 1);
}

TEST(WorkloadDecoder, a_cron_jobs_template_is_that_of_its_job) {
    const auto found = decode_as<Workload>("{apiVersion: batch/v1, kind: CronJob, metadata: {name: x}, spec:"
                                           " {jobTemplate: {spec: {template: {metadata: {labels: {a: b}}}}}}}");
    EXPECT_EQ(found.pod_template.labels, (flowgen::Labels{{"a", "b"}}));
}

TEST(WorkloadDecoder, refuses_what_cannot_be) {
    EXPECT_THAT(errors_in("{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {replicas: -1}}"),
                ElementsAre(HasSubstr("spec.replicas: -1 is out of range: it must be 0 to 2147483647"),
                            HasSubstr("spec.template: is required")));
    EXPECT_THAT(errors_in("{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {template:"
                          " {metadata: {labels: {a: 1}}, spec: {containers: [{ports: [{containerPort: -5}]}]}}}}"),
                ElementsAre(HasSubstr("spec.template.metadata.labels.a: 1 is not a string"),
                            HasSubstr("spec.template.spec.containers[0].ports[0].containerPort: -5 is out of range")));
    EXPECT_THAT(errors_in("{apiVersion: batch/v1, kind: CronJob, metadata: {name: x}}"),
                ElementsAre(HasSubstr("spec.jobTemplate.spec.template: is required")));
}

} // namespace
} // namespace agent::cluster
