// The record of an attachment: the external_ids of its Interface row in the switch's database,
// written in the same transaction as the port. There is no other store; an attachment without a
// record does not exist.
//
//   AddRequest + addresses ──► AttachmentRecord ◄──► external_ids (keys "ovs-cni/...")
//                                    └──► flowgen::Attachment, with the ofport that the switch gave
#pragma once

#include "daemonset/switch/ovsdb/database_view.h"
#include "flowgen/state/cluster_state.h"
#include "ovs-cni/protocol/agent_protocol.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace agent {

struct AttachmentRecord {
    ovs_cni::AttachmentKey key;
    std::string host_interface; ///< the port's name
    ipam::MacAddress mac;
    std::vector<ipam::IpAddress> addresses; ///< at most one of each family
    std::string sandbox;
    std::string network;
    std::optional<ovs_cni::PodReference> pod;
    std::optional<std::uint16_t> ct_zone; ///< absent in the records of versions without a zone for each attachment
    std::uint32_t ofport = 0; ///< of the row, not of the record; 0 when the switch does not use the interface

    auto operator<=>(const AttachmentRecord&) const = default;
};

/// The external_ids that hold the whole record.
[[nodiscard]] TextMap external_ids(const AttachmentRecord& record);

/// The record in an Interface row; nothing when the row has no record of ours. Errors: a record of
/// an unknown version, or with an invalid value.
[[nodiscard]] outcome::Result<std::optional<AttachmentRecord>> read_record(const InterfaceRow& row);

/// The attachment as the compiler sees it.
[[nodiscard]] flowgen::Attachment attachment(const AttachmentRecord& record);

} // namespace agent
