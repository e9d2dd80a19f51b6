#include "tests/judge/shrink.h"

#include <algorithm>

namespace judge {

namespace {

using namespace flowgen;

class Shrinker {
  public:
    Shrinker(Cluster cluster, const std::function<bool(const Cluster&)>& still_fails)
        : cluster_(std::move(cluster)), still_fails_(still_fails) {}

    /// Whether anything was removed.
    bool shrink_policies();
    void shrink_objects(const Attempt& attempt);
    [[nodiscard]] Cluster result() && { return std::move(cluster_); }

  private:
    /// Applies `change` and keeps it if the cluster fails all the same.
    template <typename Change> bool try_to(Change change) {
        auto smaller = cluster_;
        change(smaller);
        if (!still_fails_(smaller)) return false;
        cluster_ = std::move(smaller);
        return true;
    }
    /// Drops elements of the vector that `get` finds in a cluster, last first.
    template <typename Get> bool drop_from(Get get) {
        bool dropped = false;
        for (auto i = get(cluster_).size(); i-- > 0;) {
            dropped |= try_to([&](Cluster& smaller) {
                auto& elements = get(smaller);
                elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(i));
            });
        }
        return dropped;
    }
    bool shrink_rules(const ObjectName& policy, std::vector<PolicyRule> NetworkPolicy::* rules);
    bool shrink_peers(const std::function<PolicyRule&(Cluster&)>& rule);

    Cluster cluster_;
    const std::function<bool(const Cluster&)>& still_fails_;
};

bool Shrinker::shrink_peers(const std::function<PolicyRule&(Cluster&)>& rule) {
    bool shrunk = drop_from([&](Cluster& in) -> auto& { return rule(in).peers; });
    shrunk |= drop_from([&](Cluster& in) -> auto& { return rule(in).ports; });
    for (std::size_t i = 0; i < rule(cluster_).peers.size(); ++i) {
        const auto peer = [&, i](Cluster& in) -> PolicyPeer& { return rule(in).peers[i]; };
        if (peer(cluster_).ip_block) {
            shrunk |= drop_from([&](Cluster& in) -> auto& { return peer(in).ip_block->except; });
        }
        if (peer(cluster_).pod_selector) {
            shrunk |= drop_from([&](Cluster& in) -> auto& { return peer(in).pod_selector->match_expressions; });
        }
        if (peer(cluster_).namespace_selector) {
            shrunk |= drop_from([&](Cluster& in) -> auto& { return peer(in).namespace_selector->match_expressions; });
        }
    }
    return shrunk;
}

bool Shrinker::shrink_rules(const ObjectName& policy, std::vector<PolicyRule> NetworkPolicy::* rules) {
    const auto of = [&](Cluster& in) -> std::vector<PolicyRule>& { return in.state.policies.at(policy).*rules; };
    bool shrunk = drop_from(of);
    for (std::size_t i = 0; i < of(cluster_).size(); ++i) {
        shrunk |= shrink_peers([&, i](Cluster& in) -> PolicyRule& { return of(in)[i]; });
    }
    return shrunk;
}

bool Shrinker::shrink_policies() {
    bool shrunk = false;
    std::vector<ObjectName> names;
    names.reserve(cluster_.state.policies.size());
    for (const auto& [name, policy] : cluster_.state.policies) names.push_back(name);
    for (const auto& name : names) {
        if (try_to([&](Cluster& smaller) { smaller.state.policies.erase(name); })) {
            shrunk = true;
            continue;
        }
        shrunk |= shrink_rules(name, &NetworkPolicy::ingress);
        shrunk |= shrink_rules(name, &NetworkPolicy::egress);
        shrunk |=
            drop_from([&](Cluster& in) -> auto& { return in.state.policies.at(name).pod_selector.match_expressions; });
    }
    return shrunk;
}

void Shrinker::shrink_objects(const Attempt& attempt) {
    try_to([](Cluster& smaller) { smaller.state.workloads.clear(); });
    std::vector<ObjectName> names;
    for (const auto& [name, pod] : cluster_.state.pods) {
        const End* ends[] = {&attempt.from, &attempt.to};
        const bool needed = std::ranges::any_of(ends, [&](const End* end) {
            const auto* pod_end = std::get_if<PodEnd>(&end->who);
            return pod_end && pod_end->pod == name;
        });
        if (!needed) names.push_back(name);
    }
    for (const auto& name : names) {
        try_to([&](Cluster& smaller) {
            for (auto& [node, local] : smaller.locals) {
                std::erase_if(local.attachments, [&](const Attachment& one) { return one.pod == name; });
            }
            smaller.state.pods.erase(name);
        });
    }
}

} // namespace

Cluster shrink(Cluster cluster, const Attempt& attempt, const std::function<bool(const Cluster&)>& still_fails) {
    Shrinker shrinker(std::move(cluster), still_fails);
    while (shrinker.shrink_policies()) {
    }
    shrinker.shrink_objects(attempt);
    return std::move(shrinker).result();
}

} // namespace judge
