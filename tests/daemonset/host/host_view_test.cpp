// The addresses that count as the node's own, in a kernel's namespace of its own.
#include "daemonset/host/host_network.h"

#include "tests/ovs-cni/private_namespace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using testing::ElementsAre;

ipam::IpAddress address(const char* text) { return ipam::IpAddress::parse(text).value(); }

class View : public testing::Test {
  protected:
    void SetUp() override {
        state.nodes["n1"] = {.name = "n1",
                             .pod_cidrs = {ipam::Prefix::parse("10.244.1.0/24").value()},
                             .addresses = {address("172.30.0.1")}};
        configuration.node = "n1";
        configuration.bridge = "br-int";
        host.run("ip link add underlay type bridge; ip addr add 172.30.0.1/24 dev underlay");
    }

    [[nodiscard]] std::vector<ipam::IpAddress> own_addresses() const {
        const auto inside = ovs_cni::netlink::EnteredNamespace::enter(host.get());
        EXPECT_TRUE(inside);
        auto network = HostNetwork::open();
        EXPECT_TRUE(network) << network.error().message;
        const auto view = network->view(configuration, state);
        EXPECT_TRUE(view) << view.error().message;
        return view ? view->addresses : std::vector<ipam::IpAddress>();
    }

    ovs_cni::PrivateNamespace host;
    flowgen::ClusterState state;
    NodeConfiguration configuration;
};

TEST_F(View, has_the_addresses_of_all_links_without_the_gateways) {
    host.run("ip link add other type bridge; ip addr add 192.168.77.1/24 dev other; "
             "ip link add br-int type bridge; ip addr add 10.244.1.1/32 dev br-int");
    EXPECT_THAT(own_addresses(), ElementsAre(address("172.30.0.1"), address("192.168.77.1")));
}

TEST_F(View, has_no_address_of_a_service) {
    host.run("ip link add kube-ipvs0 type bridge; ip addr add 10.96.0.1/32 dev kube-ipvs0; "
             "ip addr add 10.96.0.10/32 dev kube-ipvs0; ip addr add fd00:10:96::a/128 dev kube-ipvs0 nodad");
    EXPECT_THAT(own_addresses(), ElementsAre(address("172.30.0.1")));
}

TEST_F(View, keeps_an_address_that_a_service_and_another_link_have) {
    host.run("ip link add kube-ipvs0 type bridge; ip addr add 172.30.0.1/32 dev kube-ipvs0; "
             "ip addr add 192.168.77.1/32 dev kube-ipvs0");
    EXPECT_THAT(own_addresses(), ElementsAre(address("172.30.0.1")));
}

} // namespace
} // namespace agent
