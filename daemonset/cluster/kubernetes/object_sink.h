// What takes the objects of one resource as they are read from the Kubernetes API.
//
//   list:  begin_list() ──► listed(object) ... ──► end_list(): what was not listed is gone
//   watch: changed(object), deleted(object) ...
#pragma once

#include "daemonset/base/interface.h"

#include <nlohmann/json.hpp>

#include <string>

namespace agent::kubernetes {

class ObjectSink : public Interface {
  public:
    /// A list begins, perhaps after another one that did not end. Nothing changes before end_list.
    virtual void begin_list() = 0;
    virtual void listed(nlohmann::json object) = 0;
    virtual void end_list() = 0;
    virtual void changed(nlohmann::json object) = 0;
    virtual void deleted(const nlohmann::json& object) = 0;
    /// Something came that is no object at all.
    virtual void unreadable(const std::string& reason) = 0;
};

} // namespace agent::kubernetes
