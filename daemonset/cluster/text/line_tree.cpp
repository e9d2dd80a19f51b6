#include "daemonset/cluster/text/line_tree.h"

#include <algorithm>

namespace agent::cluster {
namespace {

const LineTree* child(const LineTree& tree, const FieldPath::Step& step) {
    if (const auto* number = std::get_if<std::size_t>(&step))
        return *number < tree.children.size() ? &tree.children[*number] : nullptr;
    const auto found = std::ranges::find(tree.children, std::get<std::string>(step), &LineTree::name);
    return found == tree.children.end() ? nullptr : &*found;
}

} // namespace

int LineTree::at(const FieldPath& path) const {
    const LineTree* here = this;
    for (const auto& step : path.steps) {
        const LineTree* next = child(*here, step);
        if (next == nullptr) break;
        here = next;
    }
    return here->line;
}

} // namespace agent::cluster
