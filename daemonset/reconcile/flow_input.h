// What a compile reads, put together from what the agent's parts know.
//
//   NodeState, ClusterSource, Attachments ──► FlowInput ──► ClusterState + LocalNode, or why there are none yet
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

    /// The present input. Errors: what has not been read yet, such as manifests that were never right as a whole.
    [[nodiscard]] outcome::Result<CompileInput> read();

  private:
    const NodeState& node_;
    const ClusterSource& source_;
    Attachments& attachments_;
};

} // namespace agent
