#include "daemonset/cluster/objects/object.h"

namespace agent::cluster {
namespace {

struct KeyOf {
    ObjectKey operator()(const flowgen::Namespace& it) const { return {"Namespace", {"", it.name}}; }
    ObjectKey operator()(const flowgen::Node& it) const { return {"Node", {"", it.name}}; }
    ObjectKey operator()(const flowgen::Pod& it) const { return {"Pod", it.id}; }
    ObjectKey operator()(const flowgen::Workload& it) const { return {it.kind, it.id}; }
    ObjectKey operator()(const flowgen::NetworkPolicy& it) const { return {"NetworkPolicy", it.id}; }
};

} // namespace

std::string ObjectKey::text() const { return kind + " " + (name.namespace_.empty() ? name.name : name.text()); }

ObjectKey key_of(const Object& object) { return std::visit(KeyOf{}, object); }

} // namespace agent::cluster
