#include "daemonset/cluster_source.h"

#include "daemonset/kubernetes/api_follower.h"
#include "daemonset/manifest_follower.h"

namespace agent {

std::unique_ptr<ClusterSource> make_cluster_source(const boost::asio::any_io_executor& executor, NodeState& node,
                                                   ClusterSource::OnChange on_change) {
    if (!node.configuration.manifests.empty())
        return std::make_unique<ManifestFollower>(executor, node, std::move(on_change));
    auto read = [&node] { return kubernetes::read_access(node.configuration); };
    return std::make_unique<kubernetes::ApiFollower>(executor, node, std::move(on_change), std::move(read));
}

} // namespace agent
