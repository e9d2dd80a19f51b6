// Random attempts near every boundary of a cluster's policies: ports at the ends of ranges and just beyond, addresses
// at the ends of blocks and of their holes, the numbers behind port names, protocols without ports.
#pragma once

#include "tests/judge/random_cluster.h"
#include "tests/judge/reference.h"

#include <optional>

namespace judge {

class AttemptMaker {
  public:
    /// About the pods, nodes and policies of `cluster`, which must outlive this.
    AttemptMaker(const Cluster& cluster, Random& random);

    /// One end is an attached pod, often both; nothing when the cluster has no attached pod.
    [[nodiscard]] std::optional<Attempt> next();

  private:
    [[nodiscard]] End pod_end();
    [[nodiscard]] std::optional<End> host_end(const End& pod);
    [[nodiscard]] End outside_end(Family family);
    [[nodiscard]] End far_end(const End& pod);
    void choose_port(Attempt& attempt);
    void add_boundaries(const ipam::Prefix& prefix);
    void add_boundaries(const flowgen::PolicyRule& rule);

    const Cluster& cluster_;
    Random& random_;
    std::vector<End> pods_;          ///< each attached pod, once for each of its addresses
    std::vector<End> hosts_;         ///< each node, once for each address by which the cluster knows it
    std::vector<End> own_addresses_; ///< further ones, which only the node's own pods take for the node
    std::vector<IpAddress> outside_;
    std::vector<std::uint16_t> ports_;
};

} // namespace judge
