// One resource of the Kubernetes API, listed and then watched for good.
// Source: Kubernetes API concepts, "Efficient detection of changes", "Retrieving large results sets in chunks".
//
//        ┌──────────── 410 Gone: the version is too old ─────────────┐
//        ▼                                                           │
//   list in chunks ──► version ──► watch from it ──► events, bookmarks: a newer version
//        ▲  └ failed: pause          ▲  └ ended, broken or silent: pause ─┐
//        └── pause                   └────────────────────────────────────┘
//
// The sink keeps its objects until a new list is complete, so nothing flaps, and deletions in the
// meantime are noticed.
#pragma once

#include "daemonset/base/backoff.h"
#include "daemonset/base/interface.h"
#include "daemonset/base/log.h"
#include "daemonset/base/wakeup.h"
#include "daemonset/cluster/kubernetes/client/api_session.h"
#include "daemonset/cluster/kubernetes/object_sink.h"
#include "daemonset/cluster/kubernetes/object_splitter.h"
#include "daemonset/cluster/kubernetes/resource.h"

#include <string>

namespace agent::kubernetes {

class ResourceFollower {
  public:
    /// Notified when the objects of one read are in the sink, also after each complete list.
    class Listener : public Interface {
      public:
        virtual void settled() = 0;
    };

    ResourceFollower(ApiServers& servers, Resource resource, ObjectSink& sink, Listener& listener);

    [[nodiscard]] Task<> run();

    [[nodiscard]] const std::string& name() const { return resource_.name; }
    /// Whether a list has been complete once.
    [[nodiscard]] bool listed() const { return listed_; }
    /// Why nothing can be read at present; empty otherwise.
    [[nodiscard]] const std::string& last_error() const { return failure_.last_error(); }

  private:
    enum class Outcome : std::uint8_t { Done, Expired, Missing };
    Task<outcome::Result<Outcome>> list();
    Task<outcome::Result<Outcome>> list_chunk(std::string& continuation);
    Task<outcome::Result<Outcome>> watch();
    Task<outcome::Result<Outcome>> follow_events();
    /// The outcome of an HTTP status other than 200, or its error.
    Task<outcome::Result<Outcome>> not_served(unsigned status);
    outcome::Result<Outcome> take_events(std::string_view bytes, EventSplitter& splitter);
    outcome::Result<Outcome> take_event(std::string_view text);
    [[nodiscard]] outcome::Result<std::string> read_envelope(const std::string& text);
    void remember_version(const nlohmann::json& object);
    [[nodiscard]] std::string target(const std::string& parameters) const;
    void list_again();

    ApiServers& servers_;
    Resource resource_;
    ObjectSink& sink_;
    Listener& listener_;
    ApiSession session_;
    std::string version_; ///< to watch from; empty: list first
    bool listed_ = false;
    TimePoint listed_at_; ///< the last list
    FailureLog failure_;
    Backoff backoff_;
};

} // namespace agent::kubernetes
