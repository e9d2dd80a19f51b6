// The input of a compile, collected from the agent's parts.
//
//   NodeState, ClusterSource, Attachments ──► FlowInput ──► ClusterState + LocalNode, or why they are missing
#pragma once

#include "daemonset/attachments/attachments.h"
#include "daemonset/cluster/cluster_source.h"
#include "daemonset/node/node_state.h"
#include "flowgen/state/cluster_state.h"
#include "outcome/result.h"

#include <memory>

namespace agent {

struct CompileInput {
    std::shared_ptr<const flowgen::ClusterState> cluster;
    flowgen::LocalNode local;
};

class FlowInput {
  public:
    FlowInput(const NodeState& node, const ClusterSource& source, Attachments& attachments)
        : node_(node), source_(source), attachments_(attachments) {}

    /// The current input. Errors: a part that has not been read yet, such as manifests that have
    /// never all been valid.
    [[nodiscard]] outcome::Result<CompileInput> read();

  private:
    const NodeState& node_;
    const ClusterSource& source_;
    Attachments& attachments_;
};

} // namespace agent
