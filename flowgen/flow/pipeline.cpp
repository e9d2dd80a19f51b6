#include "flowgen/flow/pipeline.h"

#include <algorithm>

namespace flowgen {

std::string_view table_name(std::uint8_t wanted) {
    const auto* const place = std::ranges::find(kTables, wanted, [](const TableName& t) { return number(t.table); });
    return place == kTables.end() ? "?" : place->name;
}

} // namespace flowgen
