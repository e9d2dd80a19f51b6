#include "tests/judge/connections.h"

#include "flowgen/flow/flow.h"

#include <algorithm>

namespace judge {

namespace {

using namespace flowgen::ct_state;

} // namespace

Connections::Found Connections::find(std::uint16_t zone, const Tuple& tuple) {
    if (const auto original = connections_.find({zone, tuple}); original != connections_.end()) {
        return {.connection = &original->second, .reply = false};
    }
    if (const auto reply = connections_.find({zone, tuple.reversed()}); reply != connections_.end()) {
        return {.connection = &reply->second, .reply = true};
    }
    return {};
}

Tracked Connections::look_up(std::uint16_t zone, const Frame& frame) {
    if (frame.error_about) {
        const auto [connection, reply] = find(zone, *frame.error_about);
        if (!connection) return {.state = kTracked | kInvalid};
        const auto direction = reply ? 0U : kReply;
        return {.state = static_cast<std::uint8_t>(kTracked | kRelated | direction), .connection = connection};
    }
    const auto [connection, reply] = find(zone, frame.tuple);
    if (!connection) {
        return {.state = static_cast<std::uint8_t>(frame.untracked == Untracked::New ? kTracked | kNew
                                                                                     : kTracked | kInvalid)};
    }
    if (reply) {
        connection->answered = true;
        return {.state = kTracked | kEstablished | kReply, .connection = connection};
    }
    const auto progress = connection->answered ? kEstablished : kNew;
    return {.state = static_cast<std::uint8_t>(kTracked | progress), .connection = connection};
}

Connection* Connections::commit(std::uint16_t zone, const Frame& frame, bool force) {
    if (frame.error_about) return find(zone, *frame.error_about).connection;
    if (const auto found = find(zone, frame.tuple); found.connection) {
        if (!force || !found.reply) return found.connection;
        connections_.erase({zone, frame.tuple.reversed()});
    }
    if (frame.untracked == Untracked::Invalid) return nullptr;
    return &connections_[{zone, frame.tuple}];
}

std::size_t Connections::size(std::uint16_t zone) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(connections_, [&](const auto& entry) { return entry.first.first == zone; }));
}

} // namespace judge
