// The receiver of one resource's objects as they are read from the Kubernetes API.
//
//   list:  begin_list() ──► listed(object) ... ──► end_list(): an object that was not listed is gone
//   watch: changed(object), deleted(object) ...
#pragma once

#include "daemonset/base/interface.h"

#include <nlohmann/json.hpp>

#include <string>

namespace agent::kubernetes {

class ObjectSink : public Interface {
  public:
    /// A list begins, perhaps after an incomplete one. Nothing changes before end_list.
    virtual void begin_list() = 0;
    virtual void listed(nlohmann::json object) = 0;
    virtual void end_list() = 0;
    virtual void changed(nlohmann::json object) = 0;
    virtual void deleted(const nlohmann::json& object) = 0;
    /// An item arrived that is not an object.
    virtual void unreadable(const std::string& reason) = 0;
};

} // namespace agent::kubernetes
