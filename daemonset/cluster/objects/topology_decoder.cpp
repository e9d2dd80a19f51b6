// Namespaces and nodes.
#include "daemonset/cluster/objects/kind_decoders.h"
#include "daemonset/cluster/objects/name_syntax.h"

#include <algorithm>

namespace agent::cluster {
namespace {

/// metadata.name of an object that has no namespace.
std::string decode_cluster_name(const Field& object, std::string_view (*fault)(std::string_view)) {
    const Field field = object["metadata"]["name"];
    return field.required_text().empty() ? std::string() : decode_word(field, fault);
}

/// spec.podCIDRs, or spec.podCIDR where only that is given. Source: API reference, NodeSpec.
std::vector<flowgen::Prefix> decode_pod_cidrs(const Field& spec) {
    std::vector<Field> fields = spec["podCIDRs"].items();
    if (fields.empty() && spec["podCIDR"].present()) fields.push_back(spec["podCIDR"]);
    std::vector<flowgen::Prefix> cidrs;
    for (const Field& field : fields) {
        const auto cidr = decode_cidr(field);
        if (!cidr) continue;
        if (std::ranges::any_of(cidrs, [&](const auto& other) { return other.family() == cidr->family(); }))
            field.refuse_value("is a second " + std::string(ipam::name(cidr->family())) +
                               " block: a node has at most one of each family");
        cidrs.push_back(*cidr);
    }
    return cidrs;
}

} // namespace

flowgen::Namespace decode_namespace(const Field& object) {
    flowgen::Namespace found;
    found.name = decode_cluster_name(object, dns_label_fault);
    found.labels = decode_labels(object["metadata"]["labels"]);
    found.labels[flowgen::kNamespaceNameLabel] = found.name;
    found.created = object["metadata"]["creationTimestamp"].text();
    return found;
}

flowgen::Node decode_node(const Field& object) {
    flowgen::Node node;
    node.name = decode_cluster_name(object, subdomain_fault);
    node.pod_cidrs = decode_pod_cidrs(object["spec"]);
    const std::vector<Field> addresses = object["status"]["addresses"].items();
    for (const std::string_view type : {"InternalIP", "ExternalIP"}) {
        for (const Field& entry : addresses) {
            if (entry["type"].text() != type) continue;
            if (const auto address = decode_address(entry["address"])) node.addresses.push_back(*address);
        }
    }
    return node;
}

} // namespace agent::cluster
