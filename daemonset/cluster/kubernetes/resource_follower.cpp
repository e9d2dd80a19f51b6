#include "daemonset/cluster/kubernetes/resource_follower.h"

#include "daemonset/cluster/text/json_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace agent::kubernetes {
namespace {

using cluster::text_at;
using nlohmann::json;
using outcome::fail;
using outcome::Result;

constexpr int kChunk = 500;
constexpr unsigned kOk = 200;
constexpr unsigned kNotFound = 404;
constexpr unsigned kGone = 410;
constexpr unsigned kUnauthorized = 401;
constexpr unsigned kForbidden = 403;
constexpr unsigned kServerTimeout = 504;

/// Whether a watch that is refused with this status may resume later from the same version. 504
/// does not count: a server also uses it to refuse a version that it does not have yet, and after a
/// restored backup never will have.
bool passes(unsigned status) {
    return status == kUnauthorized || status == kForbidden || (is_fault_of_server(status) && status != kServerTimeout);
}

/// The field of an object if it is an object, or null.
json field(const json& object, const char* name) {
    if (!object.is_object()) return {};
    const auto found = object.find(name);
    return found == object.end() ? json() : *found;
}

} // namespace

ResourceFollower::ResourceFollower(ApiServers& servers, Resource resource, ObjectSink& sink, Listener& listener)
    : servers_(servers), resource_(std::move(resource)), sink_(sink), listener_(listener), session_(servers),
      failure_("following " + resource_.name + " in the Kubernetes API"),
      backoff_(servers.timing().first_retry, servers.timing().longest_retry, Jitter::UpToHalf) {}

Task<> ResourceFollower::run() {
    while (true) {
        const auto began = std::chrono::steady_clock::now();
        const bool listing = version_.empty();
        auto outcome = Result<Outcome>(Outcome::Done);
        if (listing)
            outcome = co_await list();
        else
            outcome = co_await watch();
        if (!outcome) failure_.failed(outcome.error().message);
        if (outcome == Outcome::Missing) {
            co_await sleep_until(after(servers_.timing().missing));
            continue;
        }
        if (outcome == Outcome::Expired) list_again();
        if (outcome == Outcome::Done && listing) continue;
        const bool lived = !listing && std::chrono::steady_clock::now() - began > servers_.timing().settled;
        if (lived) backoff_.reset();
        co_await sleep_until(after(backoff_.pause()));
    }
}

Task<Result<ResourceFollower::Outcome>> ResourceFollower::list() {
    sink_.begin_list();
    std::string continuation;
    do {
        const auto outcome = co_await list_chunk(continuation);
        if (!outcome) {
            session_.close();
            co_return outcome;
        }
        if (*outcome == Outcome::Expired) co_return outcome;
        if (*outcome == Outcome::Missing) break;
    } while (!continuation.empty());
    sink_.end_list();
    listed_ = true;
    listed_at_ = std::chrono::steady_clock::now();
    failure_.recovered();
    listener_.settled();
    co_return version_.empty() ? Outcome::Missing : Outcome::Done;
}

/// Reads one chunk. `continuation` names it and then the next one, and is empty after the last.
Task<Result<ResourceFollower::Outcome>> ResourceFollower::list_chunk(std::string& continuation) {
    std::string parameters = "limit=" + std::to_string(kChunk);
    if (!continuation.empty()) parameters += "&continue=" + percent_encode(continuation);
    ApiRequest request;
    request.target = target(parameters);
    request.accept = resource_.accept_list;
    CO_ASSIGN_OR_RETURN(const auto status, co_await session_.begin(std::move(request)));
    if (status != kOk) co_return co_await not_served(status);
    ListSplitter splitter;
    const TakeObject take = [this](std::string_view text) {
        auto object = json::parse(text, nullptr, false);
        if (object.is_object())
            sink_.listed(std::move(object));
        else
            sink_.unreadable("an object in the list of " + resource_.name + " is not JSON");
    };
    while (true) {
        CO_ASSIGN_OR_RETURN(const auto piece, co_await session_.next(servers_.timing().body));
        if (piece.empty()) break;
        CO_RETURN_IF_ERROR(splitter.feed(piece, take));
    }
    CO_ASSIGN_OR_RETURN(const auto rest, splitter.finish());
    CO_ASSIGN_OR_RETURN(auto next, read_envelope(rest));
    continuation = std::move(next);
    co_return Outcome::Done;
}

/// The token that continues the list; empty after its last chunk, when the list's version is
/// remembered.
Result<std::string> ResourceFollower::read_envelope(const std::string& text) {
    const auto envelope = json::parse(text, nullptr, false);
    const json metadata = field(envelope, "metadata");
    auto next = text_at(metadata, "continue");
    if (!next.empty()) return next;
    version_ = text_at(metadata, "resourceVersion");
    if (version_.empty()) return fail("the list of " + resource_.name + " has no metadata.resourceVersion");
    return next;
}

Task<Result<ResourceFollower::Outcome>> ResourceFollower::watch() {
    ApiRequest request;
    request.target = target(fmt::format("watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                                        percent_encode(version_), servers_.timing().watch.count()));
    request.accept = resource_.accept_watch;
    CO_ASSIGN_OR_RETURN(const auto status, co_await session_.begin(std::move(request)));
    if (status == kNotFound && resource_.may_be_missing) co_return Outcome::Expired; // the next list decides
    if (status != kOk) {
        if (!passes(status)) version_.clear();
        co_return co_await not_served(status);
    }
    failure_.recovered();
    const auto outcome = co_await follow_events();
    if (!outcome) session_.close();
    co_return outcome;
}

Task<Result<ResourceFollower::Outcome>> ResourceFollower::follow_events() {
    EventSplitter splitter;
    while (true) {
        CO_ASSIGN_OR_RETURN(const auto piece, co_await session_.next(servers_.timing().silence));
        if (piece.empty()) co_return Outcome::Done;
        const auto outcome = take_events(piece, splitter);
        listener_.settled();
        if (!outcome || *outcome != Outcome::Done) co_return outcome;
    }
}

Result<ResourceFollower::Outcome> ResourceFollower::take_events(std::string_view bytes, EventSplitter& splitter) {
    Result<Outcome> outcome = Outcome::Done;
    const auto fed = splitter.feed(bytes, [&](std::string_view text) {
        if (outcome == Outcome::Done) outcome = take_event(text);
    });
    if (!fed) return std::unexpected(fed.error());
    return outcome;
}

Result<ResourceFollower::Outcome> ResourceFollower::take_event(std::string_view text) {
    auto event = json::parse(text, nullptr, false);
    const auto type = text_at(event, "type");
    json object = field(event, "object");
    if (type == "ERROR") {
        const json code = field(object, "code");
        if (code == kGone) return Outcome::Expired;
        version_.clear(); // the next list has whatever was missed
        return fail("watching " + resource_.name + ": the API server answered " + code.dump() + ": " +
                    text_at(object, "message"));
    }
    if (!object.is_object()) {
        sink_.unreadable("an event of " + resource_.name + " is not JSON or has no object");
        return Outcome::Done;
    }
    backoff_.reset();
    remember_version(object);
    if (type == "ADDED" || type == "MODIFIED")
        sink_.changed(std::move(object));
    else if (type == "DELETED")
        sink_.deleted(object);
    return Outcome::Done;
}

void ResourceFollower::list_again() {
    version_.clear();
    session_.close();
    // Expected after a long time away. Otherwise the pauses grow, so that lists do not follow each
    // other without end.
    const auto since = std::chrono::steady_clock::now() - listed_at_;
    if (since > servers_.timing().longest_retry) backoff_.reset();
    log_info("the Kubernetes API no longer has the version last read, listing again", {{"resource", resource_.name}});
}

void ResourceFollower::remember_version(const json& object) {
    auto version = text_at(field(object, "metadata"), "resourceVersion");
    if (!version.empty()) version_ = std::move(version);
}

Task<Result<ResourceFollower::Outcome>> ResourceFollower::not_served(unsigned status) {
    ApiAnswer answer{status, {}};
    while (answer.body.size() < ApiSession::kLongestAnswer) {
        const auto piece = co_await session_.next(servers_.timing().body);
        if (!piece || piece->empty()) break; // the status says enough
        answer.body += *piece;
    }
    if (status == kGone) co_return Outcome::Expired;
    if (status == kNotFound && resource_.may_be_missing) co_return Outcome::Missing;
    if (is_fault_of_server(status)) session_.blame_server();
    session_.close();
    co_return fail("read " + resource_.name + " (" + resource_.path + "): " + describe_refusal(answer));
}

std::string ResourceFollower::target(const std::string& parameters) const {
    const auto selector =
        resource_.selector.empty() ? std::string() : "&fieldSelector=" + percent_encode(resource_.selector);
    return resource_.path + "?" + parameters + selector;
}

} // namespace agent::kubernetes
