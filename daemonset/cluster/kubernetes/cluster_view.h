// The cluster as this node sees it through the Kubernetes API: which resources are read, and what
// becomes of them.
//
//   own pods in full ──────────► pods
//   all pods, metadata alone ──► label sets, counted
//   namespaces, nodes, network policies, service ranges ──► their namesakes
//                                              └──► ClusterState, and what changed in it
//
// Pods that share their node's network, or have finished, carry no identity: they are not
// requested.
#pragma once

#include "daemonset/cluster/kubernetes/collection.h"
#include "daemonset/cluster/kubernetes/known_labels.h"
#include "daemonset/cluster/kubernetes/own_node.h"
#include "daemonset/cluster/kubernetes/resource.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace agent::kubernetes {

/// A resource and the sink of its objects.
struct Source {
    Resource resource;
    ObjectSink& sink;
};

class ClusterView {
  public:
    /// `node` is the name of this node's Node object. `service_ranges`, sorted, are those of the
    /// cluster; without them the ServiceCIDR objects are used.
    explicit ClusterView(std::string node, std::vector<flowgen::Prefix> service_ranges = {});

    /// The resources to read; the sinks belong to this object.
    [[nodiscard]] std::vector<Source> sources();
    /// The objects read so far. The view keeps changing the state whenever one of its sinks takes
    /// an object.
    [[nodiscard]] std::shared_ptr<const flowgen::ClusterState> state() const { return state_; }
    /// This node itself, as the API shows it.
    [[nodiscard]] const SeenNode& own_node() const { return own_node_.seen(); }
    /// The changes since the last call.
    [[nodiscard]] ChangeRecord::Changes take_changes();
    /// The objects that cannot be read at present, a line each.
    [[nodiscard]] std::vector<std::string> errors() const;

  private:
    using LabelsByPod = std::map<Uid, SharedLabels>;
    using Ranges = std::map<std::string, std::vector<flowgen::Prefix>>; ///< by ServiceCIDR

    /// The service ranges of all ServiceCIDR objects, in order and each once. A range that is being
    /// deleted, and therefore not Ready, counts as long as it exists: it stays until no Service has
    /// an address of it, and Ready only tells whether addresses are allocated from it. Source: API
    /// reference, ServiceCIDRStatus; KEP 1880.
    void collect_service_ranges();

    std::string node_;
    bool ranges_given_; ///< by the configuration
    std::shared_ptr<flowgen::ClusterState> state_ = std::make_shared<flowgen::ClusterState>();
    ChangeRecord record_;
    KnownLabels known_labels_;
    LabelsByPod labels_by_pod_;
    Ranges ranges_;

    Collection<std::map<flowgen::ObjectName, flowgen::Pod>> own_pods_;
    Collection<LabelsByPod> all_pods_;
    Collection<std::map<std::string, flowgen::Namespace>> namespaces_;
    Collection<std::map<std::string, flowgen::Node>> nodes_;
    OwnNode own_node_;
    Collection<std::map<flowgen::ObjectName, flowgen::NetworkPolicy>> policies_;
    Collection<Ranges> service_cidrs_;
};

} // namespace agent::kubernetes
