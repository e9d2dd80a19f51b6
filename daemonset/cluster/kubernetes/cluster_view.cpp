#include "daemonset/cluster/kubernetes/cluster_view.h"

#include "daemonset/cluster/objects/kind_decoders.h"
#include "daemonset/cluster/objects/object_decoder.h"
#include "words/list.h"

#include <algorithm>

namespace agent::kubernetes {
namespace {

using nlohmann::json;
using outcome::Result;

// Source: Kubernetes API concepts, "Metadata-only fetches".
constexpr auto kMetadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
constexpr auto kMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// The field label of hostNetwork exists since Kubernetes 1.28.
constexpr auto kPodsWithIdentity = "spec.hostNetwork=false,status.phase!=Succeeded,status.phase!=Failed";
constexpr auto kPolicyGroup = "networking.k8s.io/v1";

std::unexpected<outcome::Error> all_of(const cluster::Problems& problems) {
    return outcome::fail(words::join(problems, &cluster::Problem::text, "; "));
}

/// A value of this type, from the decoder for all kinds.
template <typename T> Result<T> decode_as(const json& object) {
    auto decoded = cluster::decode(object);
    if (!decoded) return all_of(decoded.error());
    auto* const known = std::get_if<cluster::Object>(&*decoded);
    auto* const value = known == nullptr ? nullptr : std::get_if<T>(known);
    if (value == nullptr) return outcome::fail("is not of the requested kind");
    return std::move(*value);
}

std::optional<Substitute<flowgen::NetworkPolicy>> fail_closed(const json& object) {
    auto restricted = cluster::fail_closed(object);
    if (!restricted) return std::nullopt;
    return Substitute<flowgen::NetworkPolicy>{std::move(restricted->policy), std::move(restricted->consequence)};
}

Result<std::vector<flowgen::Prefix>> decode_ranges(const json& object) {
    cluster::Problems problems;
    const cluster::Field root(object, problems);
    std::vector<flowgen::Prefix> ranges;
    for (const auto& field : root["spec"]["cidrs"].items())
        if (const auto range = cluster::decode_cidr(field)) ranges.push_back(*range);
    if (!problems.empty()) return all_of(problems);
    return ranges;
}

Result<SharedLabels> decode_carried_labels(const json& object, KnownLabels& known) {
    cluster::Problems problems;
    const cluster::Field root(object, problems);
    auto name = cluster::decode_name(root);
    auto labels = cluster::decode_labels(root["metadata"]["labels"]);
    if (!problems.empty()) return all_of(problems);
    return known.find(std::move(name.namespace_), std::move(labels));
}

/// "NAMESPACE {KEY=VALUE, ...}".
std::string in_words(const LabelsOfPods& carried) {
    return carried.namespace_ + " " + flowgen::text(carried.labels, ", ");
}

} // namespace

ClusterView::ClusterView(std::string node, std::vector<flowgen::Prefix> service_ranges)
    : node_(std::move(node)), ranges_given_(!service_ranges.empty()), known_labels_(state_->label_sets),
      own_pods_({.kind = "Pod", .api_version = "v1", .decode = decode_as<flowgen::Pod>}, state_->pods, record_),
      all_pods_({.kind = "Pod labels",
                 .api_version = "v1",
                 .decode = [this](const json& object) { return decode_carried_labels(object, known_labels_); },
                 .entered = [this](const SharedLabels& labels) { return known_labels_.add(*labels); },
                 .left = [this](const SharedLabels& labels) { return known_labels_.remove(*labels); },
                 .text = [](const SharedLabels& labels) { return in_words(*labels); }},
                labels_by_pod_, record_),
      namespaces_({.kind = "Namespace", .api_version = "v1", .decode = decode_as<flowgen::Namespace>},
                  state_->namespaces, record_),
      nodes_({.kind = "Node", .api_version = "v1", .decode = decode_as<flowgen::Node>}, state_->nodes, record_),
      own_node_(node_, nodes_), policies_({.kind = "NetworkPolicy",
                                           .api_version = kPolicyGroup,
                                           .decode = decode_as<flowgen::NetworkPolicy>,
                                           .substitute = fail_closed},
                                          state_->policies, record_),
      service_cidrs_({.kind = "ServiceCIDR", .api_version = kPolicyGroup, .decode = decode_ranges}, ranges_, record_) {
    state_->service_cidrs = std::move(service_ranges);
}

std::vector<Source> ClusterView::sources() {
    const std::string group = std::string("/apis/") + kPolicyGroup;
    std::vector<Source> sources;
    sources.push_back({{.name = "own pods", .path = "/api/v1/pods", .selector = "spec.nodeName=" + node_}, own_pods_});
    sources.push_back({{.name = "labels of all pods",
                        .path = "/api/v1/pods",
                        .selector = kPodsWithIdentity,
                        .accept_list = kMetadataList,
                        .accept_watch = kMetadata},
                       all_pods_});
    sources.push_back({{.name = "namespaces", .path = "/api/v1/namespaces", .selector = {}}, namespaces_});
    sources.push_back({{.name = "nodes", .path = "/api/v1/nodes", .selector = {}}, own_node_});
    sources.push_back({{.name = "network policies", .path = group + "/networkpolicies", .selector = {}}, policies_});
    if (ranges_given_) return sources;
    Resource ranges{.name = "service ranges", .path = group + "/servicecidrs", .selector = {}};
    ranges.may_be_missing = true;
    sources.push_back({std::move(ranges), service_cidrs_});
    return sources;
}

ChangeRecord::Changes ClusterView::take_changes() {
    collect_service_ranges();
    return record_.take();
}

std::vector<std::string> ClusterView::errors() const {
    std::vector<std::string> lines;
    const auto add = [&](const auto& collection) {
        auto more = collection.errors();
        std::ranges::move(more, std::back_inserter(lines));
    };
    add(own_pods_);
    add(all_pods_);
    add(namespaces_);
    add(nodes_);
    add(policies_);
    add(service_cidrs_);
    return lines;
}

void ClusterView::collect_service_ranges() {
    if (ranges_given_) return;
    auto& ranges = state_->service_cidrs;
    ranges.clear();
    for (const auto& [name, of_object] : ranges_) ranges.insert(ranges.end(), of_object.begin(), of_object.end());
    std::ranges::sort(ranges);
    const auto repeated = std::ranges::unique(ranges);
    ranges.erase(repeated.begin(), repeated.end());
}

} // namespace agent::kubernetes
