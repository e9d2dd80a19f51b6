#include "daemonset/cluster/text/document_builder.h"

#include <algorithm>
#include <utility>

namespace agent::cluster {

bool DocumentBuilder::fail(int line, std::string reason) {
    if (!failure_) failure_ = Failure{line, std::move(reason)};
    return false;
}

bool DocumentBuilder::wants_key() const {
    return !open_.empty() && open_.back().built.value.is_object() && !open_.back().key && !open_.back().merges_next;
}

bool DocumentBuilder::scalar(nlohmann::json value, int line, Anchor anchor) {
    return admit(1, 0, line) && complete({std::move(value), {"", line, {}}, 1, 0}, anchor);
}

bool DocumentBuilder::admit(std::size_t count, std::size_t depth, int line) {
    if (failure_) return false;
    if (open_.size() + depth > kDeepest)
        return fail(line, "nested deeper than " + std::to_string(kDeepest) + " levels");
    total_ += count;
    if (total_ > kMostValues) return fail(line, "more than " + std::to_string(kMostValues) + " values in a document");
    return true;
}

bool DocumentBuilder::begin(nlohmann::json::value_t type, int line, Anchor anchor) {
    if (failure_) return false;
    if (wants_key()) return fail(line, "a key must be text, not an object or array");
    if (!admit(1, 1, line)) return false;
    Open open;
    open.built = {type, {"", line, {}}, 1, 1};
    open.anchor = anchor;
    open_.push_back(std::move(open));
    return true;
}

bool DocumentBuilder::end() {
    if (failure_) return false;
    Open closed = std::move(open_.back());
    open_.pop_back();
    write_merges(closed);
    return complete(std::move(closed.built), closed.anchor);
}

bool DocumentBuilder::key(std::string name, int line) {
    if (failure_) return false;
    Open& open = open_.back();
    if (open.built.value.contains(name)) {
        const auto first = std::ranges::find(open.built.lines.children, name, &LineTree::name);
        return fail(line, "key '" + name + "' was already given in line " + std::to_string(first->line));
    }
    open.key = std::move(name);
    open.key_line = line;
    return true;
}

bool DocumentBuilder::merge_key(int line) {
    if (failure_) return false;
    open_.back().merges_next = true;
    open_.back().key_line = line;
    return true;
}

bool DocumentBuilder::alias(Anchor anchor, int line) {
    if (failure_) return false;
    const auto found = named_.find(anchor);
    if (found == named_.end()) return fail(line, "an alias inside the value that it stands for");
    if (wants_key()) {
        if (!found->second.value.is_string()) return fail(line, "a key must be text");
        return key(found->second.value.get<std::string>(), line);
    }
    return admit(found->second.count, found->second.depth, line) && complete(found->second, kNoAnchor);
}

bool DocumentBuilder::complete(BuiltValue built, Anchor anchor) {
    if (failure_) return false;
    if (anchor != kNoAnchor) named_.insert_or_assign(anchor, built);
    if (open_.empty()) {
        done_ = std::move(built);
        total_ = 0;
        named_.clear();
        return true;
    }
    Open& into = open_.back();
    if (into.merges_next) return add_merge(into, std::move(built));
    into.built.count += built.count;
    into.built.depth = std::max(into.built.depth, built.depth + 1);
    if (into.built.value.is_array()) {
        into.built.value.push_back(std::move(built.value));
        into.built.lines.children.push_back(std::move(built.lines));
        return true;
    }
    add_field(into, std::move(*into.key), into.key_line, std::move(built));
    into.key.reset();
    return true;
}

void DocumentBuilder::add_field(Open& into, std::string name, int line, BuiltValue field) {
    field.lines.name = name;
    field.lines.line = line;
    into.built.lines.children.push_back(std::move(field.lines));
    into.built.value.emplace(std::move(name), std::move(field.value));
}

bool DocumentBuilder::add_merge(Open& into, BuiltValue from) {
    into.merges_next = false;
    into.built.count += from.count;
    into.built.depth = std::max(into.built.depth, from.depth + 1);
    if (from.value.is_object()) {
        into.merges.push_back(std::move(from));
        return true;
    }
    if (!from.value.is_array()) return fail(into.key_line, "'<<' takes an object or an array of objects");
    for (std::size_t i = 0; i < from.value.size(); ++i) {
        if (!from.value[i].is_object()) return fail(into.key_line, "'<<' takes an object or an array of objects");
        into.merges.push_back({from.value[i], from.lines.children[i], 1, 1});
    }
    return true;
}

void DocumentBuilder::write_merges(Open& into) {
    for (BuiltValue& merge : into.merges) {
        for (LineTree& line : merge.lines.children) {
            if (into.built.value.contains(line.name)) continue;
            into.built.value.emplace(line.name, merge.value[line.name]);
            into.built.lines.children.push_back(line);
        }
    }
}

} // namespace agent::cluster
