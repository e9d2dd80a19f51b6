#include "daemonset/cluster/kubernetes/own_node.h"

#include "daemonset/cluster/kubernetes/object_key.h"
#include "daemonset/cluster/text/json_text.h"

namespace agent::kubernetes {

using cluster::text_at;
using nlohmann::json;

ConditionText network_condition(const json& node) {
    const json::json_pointer place("/status/conditions");
    if (!node.contains(place)) return {};
    for (const auto& condition : node.at(place))
        if (text_at(condition, "type") == "NetworkUnavailable")
            return {text_at(condition, "status"), text_at(condition, "reason"), text_at(condition, "message")};
    return {};
}

bool OwnNode::is_own(const json& object) const { return name_in(object).name == name_; }

void OwnNode::begin_list() {
    staged_ = {};
    next_.begin_list();
}

void OwnNode::listed(json object) {
    if (is_own(object)) staged_ = {true, network_condition(object)};
    next_.listed(std::move(object));
}

void OwnNode::end_list() {
    seen_ = std::move(staged_);
    staged_ = {};
    next_.end_list();
}

void OwnNode::changed(json object) {
    if (is_own(object)) seen_ = {true, network_condition(object)};
    next_.changed(std::move(object));
}

void OwnNode::deleted(const json& object) {
    if (is_own(object)) seen_ = {};
    next_.deleted(object);
}

} // namespace agent::kubernetes
