#include "tests/judge/random_attempts.h"

#include <algorithm>

namespace judge {

namespace {

using namespace flowgen;

/// Link-local addresses: whether a packet with one gets anywhere depends on the host, not on policy.
bool is_link_local(const IpAddress& address) {
    return Prefix::parse("169.254.0.0/16")->contains(address) || Prefix::parse("fe80::/10")->contains(address);
}

bool is_inside(const Cluster& cluster, const IpAddress& address) {
    for (const auto& [name, node] : cluster.state.nodes) {
        if (std::ranges::find(node.addresses, address) != node.addresses.end()) return true;
        for (const auto& cidr : node.pod_cidrs) {
            if (cidr.contains(address)) return true;
        }
    }
    for (const auto& [name, local] : cluster.locals) {
        const auto& others = local.host_addresses;
        if (std::ranges::find(others, address) != others.end()) return true;
    }
    return false;
}

} // namespace

AttemptMaker::AttemptMaker(const Cluster& cluster, Random& random) : cluster_(cluster), random_(random) {
    for (const auto& [name, local] : cluster.locals) {
        for (const auto& attachment : local.attachments) {
            for (const auto& address : attachment.addresses) {
                pods_.push_back({.who = PodEnd{*attachment.pod}, .address = address});
            }
        }
    }
    for (const auto& [name, node] : cluster.state.nodes) {
        for (const auto& address : addresses_of(node)) {
            hosts_.push_back({.who = HostEnd{name}, .address = address});
        }
    }
    for (const auto& [name, local] : cluster.locals) {
        for (const auto& address : local.host_addresses) {
            own_addresses_.push_back({.who = HostEnd{name}, .address = address});
        }
    }
    add_boundaries(*Prefix::parse("192.0.2.1/32"));
    add_boundaries(*Prefix::parse("2001:db8:ffff::1/128"));
    for (const char* block : {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"})
        add_boundaries(*Prefix::parse(block));
    for (const char* block : {"::/127", "::ffff:0:0/96", "ff00::/8"}) add_boundaries(*Prefix::parse(block));
    for (const auto& [name, node] : cluster.state.nodes) {
        for (const auto& cidr : node.pod_cidrs) add_boundaries(cidr);
        for (const auto& address : node.addresses) add_boundaries(Prefix::host(address));
    }
    ports_ = {1, 65535, 9090};
    for (const auto& [name, pod] : cluster.state.pods) {
        for (const auto& port : pod.ports) ports_.push_back(port.number);
    }
    for (const auto& [name, policy] : cluster.state.policies) {
        for (const auto& rule : policy.ingress) add_boundaries(rule);
        for (const auto& rule : policy.egress) add_boundaries(rule);
    }
}

void AttemptMaker::add_boundaries(const Prefix& prefix) {
    const auto first = prefix.first();
    const auto last = prefix.last();
    for (const auto bits : {first.bits - 1, first.bits, last.bits, last.bits + 1}) {
        const IpAddress address{.family = first.family, .bits = bits};
        const bool wrapped = first.family == Family::IPv4 && bits > 0xffffffff;
        if (!wrapped && !is_link_local(address) && !is_inside(cluster_, address)) outside_.push_back(address);
    }
}

void AttemptMaker::add_boundaries(const PolicyRule& rule) {
    for (const auto& peer : rule.peers) {
        if (!peer.ip_block) continue;
        add_boundaries(peer.ip_block->cidr);
        for (const auto& hole : peer.ip_block->except) add_boundaries(hole);
    }
    for (const auto& port : rule.ports) {
        const auto* number = std::get_if<std::uint16_t>(&port.port);
        if (!number) continue;
        const int last = port.end_port.value_or(*number);
        for (const int boundary : {*number - 1, *number + 0, *number + 1, last - 1, last, last + 1}) {
            if (boundary >= 1 && boundary <= 65535) ports_.push_back(static_cast<std::uint16_t>(boundary));
        }
    }
}

End AttemptMaker::pod_end() { return random_.pick(pods_); }

std::optional<End> AttemptMaker::host_end(const End& pod) {
    const auto family = pod.address.family;
    const auto& pod_node = cluster_.state.pods.at(std::get<PodEnd>(pod.who).pod).node;
    std::vector<End> candidates;
    std::ranges::copy_if(hosts_, std::back_inserter(candidates),
                         [&](const End& end) { return end.address.family == family; });
    std::ranges::copy_if(own_addresses_, std::back_inserter(candidates), [&](const End& end) {
        return end.address.family == family && std::get<HostEnd>(end.who).node == pod_node;
    });
    if (candidates.empty()) return std::nullopt;
    return random_.pick(candidates);
}

End AttemptMaker::outside_end(Family family) {
    std::vector<IpAddress> candidates;
    std::ranges::copy_if(outside_, std::back_inserter(candidates),
                         [&](const IpAddress& address) { return address.family == family; });
    return {.who = OutsideEnd{}, .address = random_.pick(candidates)};
}

End AttemptMaker::far_end(const End& pod) {
    const auto family = pod.address.family;
    const auto kind = random_.below(10);
    if (kind < 5) {
        std::vector<End> candidates;
        std::ranges::copy_if(pods_, std::back_inserter(candidates),
                             [&](const End& end) { return end.address.family == family; });
        return random_.pick(candidates);
    }
    if (kind < 7) {
        if (const auto host = host_end(pod)) return *host;
    }
    return outside_end(family);
}

void AttemptMaker::choose_port(Attempt& attempt) {
    attempt.destination_port =
        random_.chance(90) ? random_.pick(ports_) : static_cast<std::uint16_t>(random_.between(1, 65535));
    const auto* receiver = std::get_if<PodEnd>(&attempt.to.who);
    if (!receiver || !random_.chance(60)) return;
    // The receiver's own port, or another pod's number for the same name.
    const auto& pod = random_.chance(50) ? receiver->pod : std::get<PodEnd>(random_.pick(pods_).who).pod;
    const auto& declared = cluster_.state.pods.at(pod).ports;
    if (declared.empty()) return;
    const auto& port = random_.pick(declared);
    attempt.destination_port = port.number;
    if (random_.chance(80)) attempt.protocol = static_cast<std::uint8_t>(port.protocol);
}

std::optional<Attempt> AttemptMaker::next() {
    if (pods_.empty()) return std::nullopt;
    Attempt attempt{.from = pod_end(), .to = {}, .protocol = 0, .destination_port = 0};
    attempt.to = far_end(attempt.from);
    if (random_.chance(50)) std::swap(attempt.from, attempt.to);
    const auto kind = random_.below(20);
    if (kind < 11) {
        attempt.protocol = protocol::kTcp;
    } else if (kind < 15) {
        attempt.protocol = protocol::kUdp;
    } else if (kind < 17) {
        attempt.protocol = protocol::kSctp;
    } else if (kind < 19) {
        attempt.protocol = attempt.from.address.family == Family::IPv4 ? protocol::kIcmp : protocol::kIcmpv6;
    } else {
        attempt.protocol = protocol::kGre;
    }
    if (has_ports(attempt.protocol)) choose_port(attempt);
    return attempt;
}

} // namespace judge
