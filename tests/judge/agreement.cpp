#include "tests/judge/agreement.h"

#include "flowgen/compile.h"

#include <algorithm>
#include <utility>

namespace judge {

namespace {

using Outcome = std::optional<Disagreement>;

/// One attempt's packets, sent one after the other; the first disagreement is kept.
class Exchange {
  public:
    Exchange(Fabric& fabric, const Cluster& cluster, const Attempt& attempt, const Crossing& crossing)
        : fabric_(fabric), cluster_(cluster), attempt_(attempt), crossing_(crossing) {}

    void allowed();
    void denied();
    [[nodiscard]] Outcome outcome() && { return std::move(outcome_); }

  private:
    void expect_delivery(const std::string& name, const Place& from, const Frame& frame, const Place& to);
    void expect_drop(const std::string& name, const Place& from, const Frame& frame);
    void expect_connections();
    void expect_no_admission();
    void disagree(const std::string& what, const Journey& journey) {
        if (!outcome_) outcome_ = {.what = what, .trace = journey.trace + journey.error};
    }

    Fabric& fabric_;
    const Cluster& cluster_;
    const Attempt& attempt_;
    const Crossing& crossing_;
    Outcome outcome_;
};

void Exchange::expect_delivery(const std::string& name, const Place& from, const Frame& frame, const Place& to) {
    if (outcome_) return;
    const auto journey = fabric_.send(from, frame);
    if (!journey.error.empty()) return disagree(name + ": the walk fails", journey);
    if (journey.arrivals.empty()) return disagree(name + ": dropped, but allowed", journey);
    if (!journey.delivered_to(to)) {
        std::string where;
        for (const auto& arrival : journey.arrivals) where += " " + arrival.place.text();
        return disagree(name + ": delivered to" + where + " instead of " + to.text(), journey);
    }
    const auto& received = journey.arrivals.front().frame;
    if (received.tuple != frame.tuple) return disagree(name + ": translated to " + received.tuple.text(), journey);
    if (received.destination_mac != mac_behind(cluster_, to))
        return disagree(name + ": sent to " + received.destination_mac.text(), journey);
}

void Exchange::expect_drop(const std::string& name, const Place& from, const Frame& frame) {
    if (outcome_) return;
    const auto journey = fabric_.send(from, frame);
    if (!journey.error.empty()) return disagree(name + ": the walk fails", journey);
    if (journey.arrivals.empty()) return;
    disagree(name + ": delivered to " + journey.arrivals.front().place.text() + ", but denied", journey);
}

void Exchange::expect_connections() {
    if (outcome_) return;
    for (const auto& [node, zone] : crossing_.zones)
        if (const auto count = fabric_.connections(node, zone); count != 1)
            return disagree("zone " + std::to_string(zone) + " of node " + node + " has " + std::to_string(count) +
                                " connections instead of 1",
                            {});
    for (const auto& [node, local] : cluster_.locals) {
        const auto expected = std::ranges::count(crossing_.zones, node, &ZoneOfNode::node);
        if (std::cmp_equal(fabric_.connections(node), expected)) continue;
        return disagree("node " + node + " tracks " + std::to_string(fabric_.connections(node)) + " connections", {});
    }
}

/// A sender's node may have recorded the request before another node refused it.
void Exchange::expect_no_admission() {
    if (outcome_) return;
    for (const auto& [node, local] : cluster_.locals) {
        const std::size_t most = node == crossing_.entry.node && node != crossing_.exit.node ? 1 : 0;
        if (fabric_.connections(node) <= most) continue;
        return disagree("node " + node + " tracks the connection", {});
    }
}

void Exchange::allowed() {
    const auto& [entry, exit, request, zones, mac] = crossing_;
    const auto reply = crossing_.reply();
    auto second_request = request;
    second_request.opening = false;
    expect_delivery("request", entry, request, exit);
    expect_connections();
    expect_delivery("reply", exit, reply, entry);
    expect_delivery("second request", entry, second_request, exit);
    expect_delivery("second reply", exit, reply, entry);
    if (std::holds_alternative<PodEnd>(attempt_.to.who)) {
        expect_delivery("ICMP error from the receiver", exit, crossing_.error(), entry);
    }
    auto last_request = second_request;
    last_request.untracked = Untracked::Invalid;
    expect_delivery("last request", entry, last_request, exit);
    auto last_reply = reply;
    last_reply.untracked = Untracked::Invalid;
    expect_delivery("last reply", exit, last_reply, entry);
    expect_connections();
}

void Exchange::denied() {
    const auto& [entry, exit, request, zones, mac] = crossing_;
    expect_drop("request", entry, request);
    expect_no_admission();
    if (std::holds_alternative<PodEnd>(attempt_.to.who)) {
        expect_drop("ICMP error about a packet that was never delivered", exit, crossing_.error());
    }
    // A reply to a request that never arrived is an attempt of its own, independent of the
    // request's path.
    const auto direct = crossing(cluster_, attempt_, Path::Direct, request.tuple.source_port);
    auto reverse = direct.reply();
    reverse.opening = request.opening;
    auto answer = direct.request;
    answer.opening = false;
    const Attempt reverse_attempt{.from = attempt_.to,
                                  .to = attempt_.from,
                                  .protocol = attempt_.protocol,
                                  .destination_port = reverse.tuple.destination_port};
    const bool allowed = judge(cluster_.state, reverse_attempt).allowed;
    // An echo reply begins no connection: whether it passes depends on who has recorded the request.
    if (allowed && reverse.untracked == Untracked::Invalid) return;
    if (allowed) {
        expect_delivery("reverse", exit, reverse, direct.entry);
        expect_delivery("request, now a reply", direct.entry, answer, exit);
    } else {
        expect_drop("reverse", exit, reverse);
        expect_drop("request after reverse", entry, request);
        expect_drop("reverse after request", exit, reverse);
    }
}

} // namespace

outcome::Result<std::map<std::string, FabricNode>> compile_nodes(const Cluster& cluster) {
    std::map<std::string, FabricNode> nodes;
    for (const auto& [name, local] : cluster.locals) {
        const auto compiled = flowgen::compile(cluster.state, local, cluster.limits);
        if (!compiled) return outcome::fail("node " + name + ": " + compiled.error().message);
        FabricNode node{.tunnel_port = static_cast<std::uint16_t>(local.tunnel_ofport),
                        .tunnel_address = cluster.state.nodes.at(name).addresses.front(),
                        .flows = {}};
        for (const auto& [key, body] : compiled->flows) node.flows.push_back(flowgen::text(key, body));
        nodes.emplace(name, std::move(node));
    }
    return nodes;
}

outcome::Result<Fabric> compile_fabric(const Cluster& cluster) {
    const auto nodes = compile_nodes(cluster);
    if (!nodes) return std::unexpected(nodes.error());
    return Fabric::build(*nodes);
}

std::optional<Disagreement> check(Fabric& fabric, const Cluster& cluster, const Attempt& attempt, Path path,
                                  std::uint16_t source_port) {
    fabric.forget_connections();
    const auto on_the_wire = crossing(cluster, attempt, path, source_port);
    Exchange exchange(fabric, cluster, attempt, on_the_wire);
    const auto verdict = judge(cluster.state, attempt);
    if (verdict.allowed) {
        exchange.allowed();
    } else {
        exchange.denied();
    }
    auto outcome = std::move(exchange).outcome();
    if (outcome) {
        outcome->what +=
            " (reference: " + std::string(verdict.allowed ? "allowed" : "denied") + ", " + verdict.reason + ")";
    }
    return outcome;
}

} // namespace judge
