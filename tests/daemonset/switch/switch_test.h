// The set-up of the tests with a real switch: a bridge br-int, and connections to both of its sockets.
#pragma once

#include "tests/daemonset/switch/real_switch.h"

#include <gtest/gtest.h>

namespace agent {

class SwitchTest : public ::testing::Test {
  protected:
    void SetUp() override;

    template <typename T> T run(boost::asio::awaitable<T> coroutine) { return agent::run(loop, std::move(coroutine)); }
    void connect_openflow();
    void connect_database();

    boost::asio::io_context loop;
    RealSwitch ovs;
    BridgeSettings settings{"br-int", "netdev", {{0x0a, 0, 0, 0, 0, 1}}, 1400};
    std::unique_ptr<SwitchDatabase> database;
    std::unique_ptr<OpenFlowConnection> openflow;
};

} // namespace agent
