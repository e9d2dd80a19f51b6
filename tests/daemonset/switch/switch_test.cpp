#include "tests/daemonset/switch/switch_test.h"

namespace agent {

void SwitchTest::SetUp() {
    connect_database();
    must(run(database->ensure_bridge(settings)));
    connect_openflow();
}

void SwitchTest::connect_database() { database = must(run(SwitchDatabase::connect(ovs.database_socket()))); }

void SwitchTest::connect_openflow() {
    openflow = must(run(OpenFlowConnection::connect(ovs.openflow_socket())));
    must(run(openflow->ensure_option_mapping()));
}

} // namespace agent
