// The decoders of the kinds, one for each flowgen type, and their shared parts.
//
//   object_decoder ──► decode_pod, decode_policy, ... ──► flowgen value; problems go to the Field's Problems
#pragma once

#include "daemonset/cluster/objects/field.h"
#include "daemonset/cluster/objects/object_decoder.h"
#include "flowgen/state/cluster_state.h"

#include <optional>
#include <string>
#include <string_view>

namespace agent::cluster {

// Shared (metadata_decoder.cpp). `fault` is one of name_syntax.h.

/// metadata.name and metadata.namespace, the latter "default" where it is absent.
[[nodiscard]] flowgen::ObjectName decode_name(const Field& object);
/// A string that `fault` accepts, or nothing where it is absent.
[[nodiscard]] std::string decode_word(const Field& field, std::string_view (*fault)(std::string_view));
/// An object of label keys and values.
[[nodiscard]] flowgen::Labels decode_labels(const Field& field);
/// A LabelSelector; an absent one is empty.
[[nodiscard]] flowgen::LabelSelector decode_selector(const Field& field);
/// TCP where it is absent.
[[nodiscard]] flowgen::Protocol decode_protocol(const Field& field);
/// A CIDR; bits beyond its length are cleared.
[[nodiscard]] std::optional<flowgen::Prefix> decode_cidr(const Field& field);
[[nodiscard]] std::optional<flowgen::IpAddress> decode_address(const Field& field);

// The kinds.

[[nodiscard]] flowgen::Namespace decode_namespace(const Field& object);
[[nodiscard]] flowgen::Node decode_node(const Field& object);
[[nodiscard]] flowgen::Pod decode_pod(const Field& object);
[[nodiscard]] flowgen::Workload decode_workload(const Field& object, std::string_view kind);
[[nodiscard]] flowgen::NetworkPolicy decode_policy(const Field& object);
/// With substitutes for the parts that cannot be read; see fail_closed in object_decoder.h.
[[nodiscard]] RestrictedPolicy decode_restricted_policy(const Field& object);
/// The consequence of a policy whose podSelector cannot be read.
[[nodiscard]] std::string isolates_namespace(const flowgen::NetworkPolicy& policy);

} // namespace agent::cluster
