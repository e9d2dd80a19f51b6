#include "flowgen/policy/rule_merge.h"

#include <algorithm>
#include <tuple>

namespace flowgen {
namespace {

/// Gives equal sets of matches equal numbers, regardless of their owners. Number 0 is the absent
/// dimension.
class SetNumbers {
  public:
    int of(const Alternatives& alternatives) {
        std::vector<Match> matches;
        matches.reserve(alternatives.size());
        for (const auto& [match, owners] : alternatives) matches.push_back(match);
        return numbers_.try_emplace(std::move(matches), static_cast<int>(numbers_.size()) + 1).first->second;
    }
    int of(const std::optional<Alternatives>& alternatives) { return alternatives ? of(*alternatives) : 0; }

  private:
    std::map<std::vector<Match>, int> numbers_;
};

void unite(Alternatives& into, Alternatives&& from) {
    for (auto& [match, owners] : from) {
        const auto [place, inserted] = into.try_emplace(match, owners);
        if (!inserted) place->second.insert(owners.begin(), owners.end());
    }
}

/// An absent dimension matches everything, and so does its union with any other.
void unite(std::optional<Alternatives>& into, std::optional<Alternatives>&& from) {
    if (into && from)
        unite(*into, std::move(*from));
    else
        into.reset();
}

void own_together(Alternatives& alternatives, const Owners& owners) {
    for (auto& [match, own] : alternatives) own.insert(owners.begin(), owners.end());
}

enum class Dimension : std::uint8_t { Subjects, Peers, Ports };

void unite(PolicyRuleMatch& into, PolicyRuleMatch&& from, Dimension dimension) {
    // The dimensions that were equal now serve both rules' owners; in the united one each match keeps its own.
    if (dimension != Dimension::Subjects) own_together(into.subjects, from.owners);
    if (dimension != Dimension::Peers && into.peers) own_together(*into.peers, from.owners);
    if (dimension != Dimension::Ports && into.ports) own_together(*into.ports, from.owners);
    if (dimension == Dimension::Subjects) unite(into.subjects, std::move(from.subjects));
    if (dimension == Dimension::Peers) unite(into.peers, std::move(from.peers));
    if (dimension == Dimension::Ports) unite(into.ports, std::move(from.ports));
    into.content = std::min(into.content, from.content);
    into.owners.insert(from.owners.begin(), from.owners.end());
}

std::vector<PolicyRuleMatch> merge_along(std::vector<PolicyRuleMatch> rules, Dimension dimension) {
    SetNumbers numbers;
    std::map<std::tuple<Direction, int, int>, std::size_t> places;
    std::vector<PolicyRuleMatch> out;
    for (auto& rule : rules) {
        const int subjects = dimension == Dimension::Subjects ? -1 : numbers.of(rule.subjects);
        const int peers = dimension == Dimension::Peers ? -1 : numbers.of(rule.peers);
        const int ports = dimension == Dimension::Ports ? -1 : numbers.of(rule.ports);
        const auto key = dimension == Dimension::Subjects ? std::tuple(rule.direction, peers, ports)
                         : dimension == Dimension::Peers  ? std::tuple(rule.direction, subjects, ports)
                                                          : std::tuple(rule.direction, subjects, peers);
        const auto [place, first] = places.try_emplace(key, out.size());
        if (first)
            out.push_back(std::move(rule));
        else
            unite(out[place->second], std::move(rule), dimension);
    }
    return out;
}

} // namespace

std::vector<PolicyRuleMatch> merge_rules(std::vector<PolicyRuleMatch> rules) {
    for (const auto dimension : {Dimension::Subjects, Dimension::Peers, Dimension::Ports})
        rules = merge_along(std::move(rules), dimension);
    // Equal contents with different sets occur (a rule resolved by name on two pods); then the sets
    // decide the order.
    std::ranges::sort(rules, [](const PolicyRuleMatch& a, const PolicyRuleMatch& b) {
        return std::tie(a.content, a.direction, a.subjects, a.peers, a.ports) <
               std::tie(b.content, b.direction, b.subjects, b.peers, b.ports);
    });
    return rules;
}

} // namespace flowgen
