#include "ovs-cni/protocol/veth_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace ovs_cni {
namespace {

TEST(VethIdentity, is_the_same_in_every_version_of_the_plugin) {
    // DEL of a new version must find the veth from ADD of an old one: these values may never
    // change.
    const auto identity = veth_identity({"c0ffee", "eth0"});
    EXPECT_EQ(identity.host_name, veth_identity({"c0ffee", "eth0"}).host_name);
    EXPECT_EQ(veth_identity({"abc", "eth0"}).host_name, "ovs82822394fe0");
    EXPECT_EQ(veth_identity({"abc", "eth0"}).sandbox_mac.text(), "0a:b4:45:0c:fe:94");
}

TEST(VethIdentity, names_fit_and_addresses_are_unicast_and_locally_administered) {
    const auto identity = veth_identity({std::string(64, 'f'), "fifteen-letters"});
    EXPECT_EQ(identity.host_name.size(), 14U);
    for (const auto& mac : {identity.host_mac, identity.sandbox_mac}) EXPECT_EQ(mac.bytes[0] & 3, 2);
    EXPECT_NE(identity.host_mac, identity.sandbox_mac);
}

TEST(VethIdentity, differs_between_keys_that_look_alike) {
    std::set<std::string> names;
    std::set<ipam::MacAddress> macs;
    for (int i = 0; i < 20000; ++i) {
        const auto identity = veth_identity({"container" + std::to_string(i / 2), "eth" + std::to_string(i % 2)});
        names.insert(identity.host_name);
        macs.insert(identity.sandbox_mac);
    }
    EXPECT_EQ(names.size(), 20000U);
    EXPECT_EQ(macs.size(), 20000U);
}

} // namespace
} // namespace ovs_cni
