#include "flowgen/flow/pipeline.h"

#include "tests/flowgen/example_cluster.h"

#include <gmock/gmock.h>

namespace flowgen {
namespace {

TEST(Pipeline, tables_are_numbered_in_ascending_order_and_named) {
    for (std::size_t i = 1; i < kTables.size(); ++i) EXPECT_LT(kTables.at(i - 1).table, kTables.at(i).table);
    EXPECT_EQ(table_name(80), "Egress");
    EXPECT_EQ(table_name(81), "?");
}

/// A switch refuses a goto_table to an earlier table, and a packet that matches no flow leaves no
/// counter.
TEST(Pipeline, every_table_ends_in_a_miss_flow_and_leads_onwards_to_a_table_that_exists) {
    example::Cluster cluster;
    cluster.add_local_pod("shop", "web", "web");
    const auto flows = cluster.compile().flows;
    for (const auto& [table, name] : kTables) EXPECT_TRUE(flows.contains({number(table), 0, {}})) << name;
    for (const auto& [key, body] : flows)
        for (const auto& action : body.actions)
            if (const auto* next = std::get_if<GotoTable>(&action)) {
                EXPECT_GT(next->table, key.table) << text(key, body);
                EXPECT_NE(table_name(next->table), "?") << text(key, body);
            }
}

TEST(Pipeline, without_a_datapath_that_can_no_flow_writes_the_options_of_neighbour_discovery) {
    example::Cluster cluster;
    cluster.add_local_pod("shop", "web", "web");
    const auto writers = [&] {
        std::size_t found = 0;
        for (const auto& [key, body] : cluster.compile().flows)
            for (const auto& action : body.actions)
                if (const auto* set = std::get_if<SetField>(&action))
                    found += set->field == Field::nd_options_type || set->field == Field::nd_reserved ? 1 : 0;
        return found;
    };
    EXPECT_GT(writers(), 0U);
    cluster.local.writes_nd_options = false;
    EXPECT_EQ(writers(), 0U);
}

} // namespace
} // namespace flowgen
