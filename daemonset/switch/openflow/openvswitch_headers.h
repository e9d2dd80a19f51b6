// The headers of libopenvswitch that the codec uses, in the order that they need. For this folder's sources only.
#pragma once

#include "openvswitch/ofp-errors.h" // first: the others name its enum without including it

#include "openvswitch/dynamic-string.h"
#include "openvswitch/match.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-match.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"

#include <endian.h>

#include <memory>
#include <string>

namespace agent {

struct OfpbufDelete {
    void operator()(ofpbuf* buffer) const { ofpbuf_delete(buffer); }
};
/// A message that libopenvswitch allocated.
using OwnedOfpbuf = std::unique_ptr<ofpbuf, OfpbufDelete>;

/// A buffer that lives in its scope.
class ScopedOfpbuf {
  public:
    explicit ScopedOfpbuf(std::size_t size) { ofpbuf_init(&buffer_, size); }
    ScopedOfpbuf(const ScopedOfpbuf&) = delete;
    ScopedOfpbuf& operator=(const ScopedOfpbuf&) = delete;
    ~ScopedOfpbuf() { ofpbuf_uninit(&buffer_); }
    [[nodiscard]] ofpbuf* get() { return &buffer_; }

  private:
    ofpbuf buffer_{};
};

/// Text that libopenvswitch writes.
class ScopedDs {
  public:
    ScopedDs() { ds_init(&text_); }
    ScopedDs(const ScopedDs&) = delete;
    ScopedDs& operator=(const ScopedDs&) = delete;
    ~ScopedDs() { ds_destroy(&text_); }
    [[nodiscard]] ds* get() { return &text_; }
    [[nodiscard]] std::string text() const { return {text_.string == nullptr ? "" : text_.string, text_.length}; }

  private:
    ds text_{};
};

} // namespace agent
