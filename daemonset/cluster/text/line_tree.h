// The position of each value of a document in its file: the shape of the document, with a line at
// every value.
#pragma once

#include "daemonset/cluster/text/field_path.h"

#include <string>
#include <vector>

namespace agent::cluster {

/// The lines of one value and its contents. `children` are the fields of an object, in the order of
/// the file, or the items of an array.
struct LineTree {
    std::string name; ///< of the field that holds the value; empty at the root and for items
    int line = 0;     ///< from 1; of the field's name where it has one
    std::vector<LineTree> children;

    /// The line of the value at `path`. Where the path leads further than the document (a missing
    /// field), the line of the last existing value on the way.
    [[nodiscard]] int at(const FieldPath& path) const;
};

} // namespace agent::cluster
