#include "daemonset/kubernetes/own_node.h"

#include "daemonset/kubernetes/collection.h"

namespace agent::kubernetes {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* field) {
    const auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

} // namespace

ConditionText network_condition(const json& node) {
    const json::json_pointer place("/status/conditions");
    if (!node.contains(place)) return {};
    for (const auto& condition : node.at(place))
        if (condition.is_object() && text_of(condition, "type") == "NetworkUnavailable")
            return {text_of(condition, "status"), text_of(condition, "reason"), text_of(condition, "message")};
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
