#include "flowgen/policy/host_policy.h"

#include "flowgen/state/policy_selection.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace flowgen {
namespace {

using ipam::Family;
using ipam::U128;

/// One rule's share: these ports, or all traffic, at these addresses.
using Traffic = std::optional<PortRange>;
struct Grant {
    AddressRange addresses;
    Traffic traffic;
};

AddressRange range(const Prefix& prefix) { return {prefix.first(), prefix.last()}; }

std::vector<AddressRange> addresses_of(const PolicyRule& rule) {
    std::vector<AddressRange> out;
    if (rule.peers.empty()) out = {range(*Prefix::parse("0.0.0.0/0")), range(*Prefix::parse("::/0"))};
    for (const auto& peer : rule.peers)
        if (peer.ip_block)
            for (const auto& part : subtract(peer.ip_block->cidr, peer.ip_block->except)) out.push_back(range(part));
    return out;
}

/// A named port is left out: only pods give numbers to port names.
std::vector<Traffic> traffic_of(const PolicyRule& rule) {
    if (rule.ports.empty()) return {std::nullopt};
    std::vector<Traffic> out;
    for (const auto& port : rule.ports) {
        if (std::holds_alternative<std::monostate>(port.port))
            out.emplace_back(PortRange{.protocol = port.protocol});
        else if (const auto* const number = std::get_if<std::uint16_t>(&port.port))
            out.emplace_back(PortRange{port.protocol, *number, port.end_port.value_or(*number)});
    }
    return out;
}

/// The same ports in the fewest ranges: ranges that overlap or touch become one.
std::vector<PortRange> united(const std::map<PortRange, int>& ranges) {
    std::vector<PortRange> out;
    for (const auto& [next, count] : ranges) {
        if (!out.empty() && out.back().protocol == next.protocol && next.first <= out.back().last + 1)
            out.back().last = std::max(out.back().last, next.last);
        else
            out.push_back(next);
    }
    return out;
}

/// Walks the addresses of one family from the lowest to the highest. Between two boundaries of
/// grants, the same traffic is allowed at every address.
class Sweep {
  public:
    Sweep(const std::vector<Grant>& grants, Family family) : family_(family) {
        for (const auto& [addresses, traffic] : grants) {
            if (addresses.first.family != family) continue;
            boundaries_[addresses.first.bits].push_back({traffic, 1});
            if (addresses.last != Prefix{{family, 0}, 0}.last())
                boundaries_[addresses.last.bits + 1].push_back({traffic, -1});
        }
    }

    void run(Destinations& out) {
        for (auto place = boundaries_.begin(); place != boundaries_.end(); ++place) {
            for (const auto& [traffic, change] : place->second) count(traffic, change);
            const auto next = std::next(place);
            const auto last = next == boundaries_.end() ? Prefix{{family_, 0}, 0}.last().bits : next->first - 1;
            extend({{family_, place->first}, {family_, last}});
        }
        close(out);
    }

  private:
    struct Change {
        Traffic traffic;
        int count = 0;
    };

    void count(const Traffic& traffic, int change) {
        if (!traffic) {
            any_traffic_ += change;
            return;
        }
        auto& grants = ports_[*traffic];
        grants += change;
        if (grants == 0) ports_.erase(*traffic);
    }

    /// Merges neighbours at which the same is allowed.
    void extend(const AddressRange& addresses) {
        Piece piece{addresses, any_traffic_ > 0, any_traffic_ > 0 ? std::vector<PortRange>() : united(ports_)};
        if (!pieces_.empty() && pieces_.back().addresses.last.bits + 1 == addresses.first.bits &&
            pieces_.back().any_traffic == piece.any_traffic && pieces_.back().ports == piece.ports)
            pieces_.back().addresses.last = addresses.last;
        else
            pieces_.push_back(std::move(piece));
    }

    void close(Destinations& out) const {
        for (const auto& piece : pieces_) {
            if (piece.any_traffic) out.any_traffic.push_back(piece.addresses);
            for (const auto& ports : piece.ports) out.ports.push_back({piece.addresses, ports});
        }
    }

    struct Piece {
        AddressRange addresses;
        bool any_traffic = false;
        std::vector<PortRange> ports;
    };

    Family family_;
    std::map<U128, std::vector<Change>> boundaries_;
    int any_traffic_ = 0; ///< grants of all traffic at the current address
    std::map<PortRange, int> ports_;
    std::vector<Piece> pieces_;
};

Destinations destinations_of(const ClusterState& state, const LocalPod& pod) {
    std::vector<Grant> grants;
    for (const auto* const policy :
         policies_selecting(state, pod.attachment.pod->namespace_, pod.labels, Direction::Egress))
        for (const auto& rule : policy->egress)
            for (const auto& traffic : traffic_of(rule))
                for (const auto& addresses : addresses_of(rule)) grants.push_back({addresses, traffic});
    Destinations out;
    for (const auto family : {Family::IPv4, Family::IPv6}) Sweep(grants, family).run(out);
    return out;
}

bool covers(const AddressRange& range, const IpAddress& address) {
    return range.first.family == address.family && range.first <= address && address <= range.last;
}

} // namespace

HostPolicy host_policy(const ClusterState& state, const std::vector<LocalPod>& pods) {
    HostPolicy out{.isolated = {}, .service_ranges = state.service_cidrs};
    std::map<Identity, std::set<IpAddress>*> known; // pods of one identity have the same policies
    for (const auto& pod : pods) {
        if (pod.standing != Standing::Pod || !pod.isolated_in_egress) continue;
        auto& place = known[pod.identity];
        if (place == nullptr) place = &out.isolated[destinations_of(state, pod)];
        place->insert(pod.attachment.addresses.begin(), pod.attachment.addresses.end());
    }
    return out;
}

bool allows(const HostPolicy& policy, const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
            std::uint16_t port) {
    const auto place =
        std::ranges::find_if(policy.isolated, [&](const auto& entry) { return entry.second.contains(source); });
    if (place == policy.isolated.end()) return true;
    const auto& [any_traffic, ports] = place->first;
    return std::ranges::any_of(any_traffic, [&](const auto& range) { return covers(range, destination); }) ||
           std::ranges::any_of(ports, [&](const PortsAt& entry) {
               return covers(entry.addresses, destination) &&
                      static_cast<std::uint8_t>(entry.ports.protocol) == protocol && entry.ports.first <= port &&
                      port <= entry.ports.last;
           });
}

} // namespace flowgen
