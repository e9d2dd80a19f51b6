// The runtime's parameters in environment variables, checked. Source: CNI specification, section 2,
// "Parameters".
//
//   CNI_COMMAND CNI_CONTAINERID CNI_NETNS CNI_IFNAME CNI_ARGS ──► Environment
#pragma once

#include "ovs-cni/protocol/agent_protocol.h"
#include "ovs-cni/protocol/cni_error.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ovs_cni {

enum class Verb : std::uint8_t { ADD, DEL, CHECK, GC, STATUS, VERSION };

struct Environment {
    Verb verb = Verb::VERSION;
    AttachmentKey key;               ///< ADD, DEL and CHECK
    std::string sandbox;             ///< CNI_NETNS of ADD and CHECK; of DEL it may be empty
    std::optional<PodReference> pod; ///< ADD, when CNI_ARGS names one

    bool operator==(const Environment&) const = default;
};

/// The value of a variable; empty when it is not set.
using Variables = std::function<std::string_view(const char* name)>;

/// The environment in these variables. Errors: kInvalidEnvironment, naming the first variable that
/// its verb needs and that is missing or malformed. Whether CNI_NETNS really is a namespace shows
/// when it is opened.
[[nodiscard]] CniResult<Environment> read_environment(const Variables& variables);

/// The pod in CNI_ARGS ("IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web"); nothing when it names none.
/// Unknown keys are ignored. Errors: kInvalidEnvironment, naming the entry, for whatever may be meant to name a pod and
/// does not, since an attachment without a pod is never isolated:
///   - an entry that is not KEY=VALUE, or whose key contains white space;
///   - a pod's key that is empty, not in capital letters, given again with another value, or not at the entry's start;
///   - half of a pod's name.
[[nodiscard]] CniResult<std::optional<PodReference>> read_pod_arguments(std::string_view arguments);

} // namespace ovs_cni
