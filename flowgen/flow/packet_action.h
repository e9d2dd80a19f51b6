// Short spellings of the actions that every table uses.
#pragma once

#include "flowgen/flow/pipeline.h"

namespace flowgen {

[[nodiscard]] inline GotoTable to(Table table) { return {number(table)}; }
[[nodiscard]] inline SetField set(Field field, U128 value, U128 mask) { return {field, value, mask}; }
[[nodiscard]] inline SetField set(Field field, U128 value) { return {field, value, full_mask(field)}; }

} // namespace flowgen
