// Pods and the workloads that create them.
#include "daemonset/cluster/objects/kind_decoders.h"
#include "daemonset/cluster/objects/name_syntax.h"

#include <limits>
#include <set>

namespace agent::cluster {
namespace {

void decode_ports(const Field& container, std::vector<flowgen::ContainerPort>& ports) {
    std::set<std::string> names;
    for (const Field& field : container["ports"].items()) {
        flowgen::ContainerPort port;
        port.name = field["name"].text();
        if (!port.name.empty()) {
            port.name = decode_word(field["name"], port_name_fault);
            if (!names.insert(port.name).second) field["name"].refuse_value("names two ports of this container");
        }
        port.protocol = decode_protocol(field["protocol"]);
        port.number = field["containerPort"].port();
        ports.push_back(std::move(port));
    }
}

/// The network's part of a PodSpec. Init containers count only when they keep running (sidecars):
/// the others end before the pod serves. Source: API reference, PodSpec.initContainers,
/// Container.restartPolicy.
void decode_pod_spec(const Field& spec, flowgen::Pod& pod) {
    pod.node = spec["nodeName"].text();
    if (!pod.node.empty()) pod.node = decode_word(spec["nodeName"], subdomain_fault);
    pod.host_network = spec["hostNetwork"].flag(false);
    for (const Field& container : spec["containers"].items()) decode_ports(container, pod.ports);
    for (const Field& container : spec["initContainers"].items())
        if (container["restartPolicy"].text() == "Always") decode_ports(container, pod.ports);
}

std::vector<flowgen::IpAddress> decode_pod_addresses(const Field& status) {
    std::vector<Field> fields;
    for (const Field& entry : status["podIPs"].items()) fields.push_back(entry["ip"]);
    if (fields.empty() && !status["podIP"].text().empty()) fields.push_back(status["podIP"]);
    std::vector<flowgen::IpAddress> addresses;
    for (const Field& field : fields)
        if (const auto address = decode_address(field)) addresses.push_back(*address);
    return addresses;
}

/// How many pods run at the same time. Source: API reference, DeploymentSpec.replicas,
/// JobSpec.parallelism.
int decode_replicas(const Field& spec, std::string_view kind) {
    if (kind == "DaemonSet" || kind == "CronJob") return 1;
    const Field field = spec[kind == "Job" ? "parallelism" : "replicas"];
    return static_cast<int>(field.number(1, 0, std::numeric_limits<std::int32_t>::max()));
}

} // namespace

flowgen::Pod decode_pod(const Field& object) {
    flowgen::Pod pod;
    pod.id = decode_name(object);
    pod.uid = object["metadata"]["uid"].text();
    pod.labels = decode_labels(object["metadata"]["labels"]);
    decode_pod_spec(object["spec"], pod);
    const std::string phase = object["status"]["phase"].text();
    pod.finished = phase == "Succeeded" || phase == "Failed";
    pod.addresses = decode_pod_addresses(object["status"]);
    return pod;
}

flowgen::Workload decode_workload(const Field& object, std::string_view kind) {
    flowgen::Workload workload;
    workload.kind = kind;
    workload.id = decode_name(object);
    const Field spec = object["spec"];
    workload.replicas = decode_replicas(spec, kind);
    const Field made = kind == "CronJob" ? spec["jobTemplate"]["spec"]["template"] : spec["template"];
    if (!made.present()) made.refuse("is required");
    workload.pod_template.id.namespace_ = workload.id.namespace_;
    workload.pod_template.labels = decode_labels(made["metadata"]["labels"]);
    decode_pod_spec(made["spec"], workload.pod_template);
    return workload;
}

} // namespace agent::cluster
