// The agent's side of each CNI verb.
//
//   ADD ──► pod known? ─► addresses ─┬─► port with its record (OVSDB) ─┬─► confirmed ──► answer
//                                    └─► flows, isolation included ────┘
//           any step fails: all earlier ones are undone
//   DEL, GC ──► port and record removed ──► answer;  flows removed, confirmed ──► addresses free (reused last)
//
// Verbs for different attachments run concurrently; for one attachment there is one at a time.
// Source: CNI specification 1.1.0, section 4.
#pragma once

#include "daemonset/base/task.h"

#include "daemonset/attachments/attachments.h"
#include "daemonset/health/readiness.h"
#include "daemonset/node/node_state.h"
#include "daemonset/reconcile/reconciler.h"

#include <string>

namespace agent {

class CniVerbs {
  public:
    CniVerbs(NodeState& node, Attachments& attachments, Reconciler& reconciler, const Readiness& readiness);

    /// The answer to any request; an error is one of its forms.
    [[nodiscard]] Task<ovs_cni::Response> answer(ovs_cni::Request request);
    /// Undoes an ADD whose answer could not be delivered.
    [[nodiscard]] Task<> abandon(ovs_cni::AddRequest request);

  private:
    using AttachmentKey = ovs_cni::AttachmentKey;

    Task<ovs_cni::CniResult<ovs_cni::AddResponse>> add(const ovs_cni::AddRequest& request);
    Task<ovs_cni::CniResult<ovs_cni::DelResponse>> del(const ovs_cni::DelRequest& request);
    Task<ovs_cni::CniResult<ovs_cni::CheckResponse>> check(const ovs_cni::CheckRequest& request);
    Task<ovs_cni::CniResult<ovs_cni::GcResponse>> gc(const ovs_cni::GcRequest& request);
    [[nodiscard]] ovs_cni::CniResult<ovs_cni::StatusResponse> status() const;

    Task<ovs_cni::CniResult<void>> wait_for_pod(const AttachmentKey& key, const ovs_cni::PodReference& pod);
    Task<ovs_cni::CniResult<void>> attach(const AttachmentRecord& record);
    /// One free address of each family. If none is free, waits for those that a DEL has just
    /// released.
    Task<ovs_cni::CniResult<std::vector<ipam::IpAddress>>> allocate();
    /// Removes the ports of attachments that `begin` has marked. Their flows are removed by the
    /// next bundle, and their addresses are free when that is confirmed.
    Task<ovs_cni::CniResult<void>> detach(const std::vector<AttachmentRecord>& records);
    /// Waits until no other verb is in progress for this attachment, cancelling an ADD, and marks
    /// it.
    Task<ovs_cni::CniResult<void>> take_in_hand(const AttachmentKey& key);
    void let_go(const AttachmentKey& key);
    [[nodiscard]] ovs_cni::AddResponse response_for(const AttachmentRecord& record) const;

    NodeState& node_;
    Attachments& attachments_;
    Reconciler& reconciler_;
    const Readiness& readiness_;
};

} // namespace agent
