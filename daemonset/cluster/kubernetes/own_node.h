// The network parts of this node's own Node object, picked out of the stream of all Node objects.
//
//   ResourceFollower ──► OwnNode ──► the sink of all Node objects
//                           └──► SeenNode
//
// Other Node objects cost a comparison of names.
#pragma once

#include "daemonset/cluster/kubernetes/object_sink.h"

#include <compare>
#include <string>
#include <utility>

namespace agent::kubernetes {

/// The parts of a Node's condition that are not timestamps.
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
    /// `next` must outlive it.
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
    SeenNode staged_; ///< of the list being read
    SeenNode seen_;
};

} // namespace agent::kubernetes
