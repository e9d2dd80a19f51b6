// Which names, labels and ports the Kubernetes API accepts.
//
// Each function returns the fault of `text`, worded to follow the value ("must be ..."), or an
// empty view.
#pragma once

#include <string_view>

namespace agent::cluster {

/// Names of most objects. Source: RFC 1123 subdomain as the API server checks it, at most 253 characters.
[[nodiscard]] std::string_view subdomain_fault(std::string_view text);
/// Names of namespaces. Source: RFC 1123 label, at most 63 characters.
[[nodiscard]] std::string_view dns_label_fault(std::string_view text);
/// Keys of labels. Source: Kubernetes, "Labels and Selectors", syntax: an optional subdomain and '/', then a name.
[[nodiscard]] std::string_view label_key_fault(std::string_view text);
/// Values of labels. Source: as label_key_fault.
[[nodiscard]] std::string_view label_value_fault(std::string_view text);
/// Names of ports. Source: RFC 6335, section 5.1 (IANA_SVC_NAME).
[[nodiscard]] std::string_view port_name_fault(std::string_view text);

} // namespace agent::cluster
