// What this node's own Node object says of its network, picked out of the stream of all Node objects.
//
//   ResourceFollower ──► OwnNode ──► the sink that takes all of them
//                           └──► SeenNode
//
// Nodes that are not this one cost a comparison of names.
#pragma once

#include "daemonset/cluster/kubernetes/object_sink.h"

#include <compare>
#include <string>
#include <utility>

namespace agent::kubernetes {

/// The parts of a Node's condition that do not tell the time.
struct ConditionText {
    std::string status; ///< "True", "False", "Unknown"; empty: there is no such condition
    std::string reason;
    std::string message;

    auto operator<=>(const ConditionText&) const = default;
};

struct SeenNode {
    bool exists = false;
    ConditionText network; ///< its condition NetworkUnavailable

    auto operator<=>(const SeenNode&) const = default;
};

/// The condition NetworkUnavailable of a Node object.
[[nodiscard]] ConditionText network_condition(const nlohmann::json& node);

class OwnNode : public ObjectSink {
  public:
    /// `next` has to outlive it.
    OwnNode(std::string name, ObjectSink& next) : name_(std::move(name)), next_(next) {}

    [[nodiscard]] const SeenNode& seen() const { return seen_; }

    void begin_list() override;
    void listed(nlohmann::json object) override;
    void end_list() override;
    void changed(nlohmann::json object) override;
    void deleted(const nlohmann::json& object) override;
    void unreadable(const std::string& reason) override { next_.unreadable(reason); }

  private:
    [[nodiscard]] bool is_own(const nlohmann::json& object) const;

    std::string name_;
    ObjectSink& next_;
    SeenNode staged_; ///< of a list under way
    SeenNode seen_;
};

} // namespace agent::kubernetes
