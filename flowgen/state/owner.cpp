#include "flowgen/state/owner.h"

#include "flowgen/state/identity.h"
#include "words/list.h"

namespace flowgen {
namespace {

std::string_view kind(OwnerCategory category) {
    switch (category) {
    case OwnerCategory::Pipeline:
        return "Pipeline";
    case OwnerCategory::Node:
        return "Node";
    case OwnerCategory::Pod:
        return "Pod";
    case OwnerCategory::NetworkPolicy:
        return "NetworkPolicy";
    case OwnerCategory::Attachment:
        return "Attachment";
    case OwnerCategory::Shared:
        return "Shared";
    }
    return "?";
}

} // namespace

std::string Owner::text() const { return std::string(kind(category)) + " " + name; }

std::uint64_t cookie(const Owners& owners) {
    const auto lines = words::join(owners, &Owner::text, "\n");
    const auto category = owners.size() == 1 ? owners.begin()->category : OwnerCategory::Shared;
    return static_cast<std::uint64_t>(category) << 48 | truncated_sha256(lines, 48);
}

std::string text(const Owners& owners) {
    constexpr std::size_t kListed = 4;
    return words::some_of(owners, owners.size() > kListed ? kListed - 1 : kListed, &Owner::text);
}

} // namespace flowgen
