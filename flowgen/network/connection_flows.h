// Which packets are replies, and so bypass policy.
//
// Every attachment has a zone of connection tracking to itself, so that its entries end with it: a
// pod that gets a used address finds none of its predecessor's. A connection between two pods is in
// both zones, and a packet is a reply if both say so:
//
//   pod A ──► its zone: Asked     ~~~ tunnel ~~~     its zone: Admitted ◄── policy ◄── pod B
//   pod A ◄── its zone: Asked?  ◄~~ flag "reply" ~~   its zone: Admitted? ◄──────────── pod B
//
//   Conntrack, ConntrackState   the sender's zone: does its pod answer? then the flag "reply" is set
//   ReceiverState               the receiver's zone: did its pod ask? then the packet is a reply
//   Commit                      what policy admits, in the zone of the pod that it was decided for
//   SenderCommit                what a pod asks of another pod, in its own zone
//
// Where the two disagree, since an entry was lost or belongs to another pod, or since policy has cut
// the connection, each direction is delivered by its own policy. The outside and the nodes have no
// zone: there the pod's alone decides.
#pragma once

#include "flowgen/flow/flow_store.h"
#include "flowgen/state/cluster_state.h"

namespace flowgen {

/// For what the sender's side calls a reply and this node does not: policy decides, as for a packet
/// that answers nothing.
[[nodiscard]] Actions as_no_reply();

/// The flows of the five tables.
void compile_connections(const LocalNode& local, FlowStore& store);

} // namespace flowgen
