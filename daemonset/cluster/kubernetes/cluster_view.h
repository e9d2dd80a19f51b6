// The cluster as this node sees it through the Kubernetes API: what it asks for, and what becomes of it.
//
//   own pods in full ──────────► pods
//   all pods, metadata alone ──► label sets, counted
//   namespaces, nodes, network policies, service ranges ──► their namesakes
//                                              └──► ClusterState, and what changed in it
//
// Pods that share their node's network, or have finished, carry no identity: they are not asked for.
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

/// A resource and where its objects go.
struct Source {
    Resource resource;
    ObjectSink& sink;
};

class ClusterView {
  public:
    /// `node` is the name of this node's Node object. `service_ranges`, sorted, are those of the cluster; when there
    /// are none, the ServiceCIDR objects say.
    explicit ClusterView(std::string node, std::vector<flowgen::Prefix> service_ranges = {});

    /// What has to be read; the sinks are this object's.
    [[nodiscard]] std::vector<Source> sources();
    /// What was read so far. The view goes on changing it whenever one of its sinks takes an object.
    [[nodiscard]] std::shared_ptr<const flowgen::ClusterState> state() const { return state_; }
    /// What the API says of this node itself.
    [[nodiscard]] const SeenNode& own_node() const { return own_node_.seen(); }
    /// What changed since the last call.
    [[nodiscard]] ChangeRecord::Changes take_changes();
    /// The objects that cannot be read at present, a line each.
    [[nodiscard]] std::vector<std::string> errors() const;

  private:
    using LabelsByPod = std::map<Uid, SharedLabels>;
    using Ranges = std::map<std::string, std::vector<flowgen::Prefix>>; ///< by ServiceCIDR

    /// The service ranges of all ServiceCIDR objects, in order and each once. One that is being deleted, and is not
    /// Ready because of that, counts as long as it is there: it stays until no Service has an address of it, and Ready
    /// says only whether addresses are given out. Source: API reference, ServiceCIDRStatus; KEP 1880.
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
