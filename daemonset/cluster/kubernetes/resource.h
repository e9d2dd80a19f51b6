// A resource of the Kubernetes API, as it is requested.
#pragma once

#include <string>

namespace agent::kubernetes {

struct Resource {
    std::string name;     ///< "own pods", for people
    std::string path;     ///< "/api/v1/pods"
    std::string selector; ///< of fields, "spec.nodeName=n1"; empty: all
    std::string accept_list = "application/json";
    std::string accept_watch = "application/json";
    bool may_be_missing = false; ///< some servers lack it: the same as an empty list
};

} // namespace agent::kubernetes
