// CHECK by raw execution: it accepts the result of ADD, and names every later change.
#include "tests/ovs-cni/runtime.h"

namespace ovs_cni {
namespace {

using nlohmann::json;

class Check : public Runtime {
  protected:
    void SetUp() override { result = add(); }

    [[nodiscard]] Finished check() const { return call("CHECK", {}, {{"prevResult", result}}); }

    json result;
};

TEST_F(Check, is_content_right_after_add) {
    const auto checked = check();
    expect_success(checked);
    EXPECT_EQ(checked.output, "");
}

TEST_F(Check, tolerates_what_later_plugins_add) {
    sandbox.run("ip addr add 192.0.2.7/24 dev eth0; ip route add 198.51.100.0/24 via 192.0.2.1; sysctl -qw "
                "net.core.somaxconn=500");
    result["interfaces"].push_back({{"name", "ifb0"}, {"mac", ""}});
    expect_success(check());
}

TEST_F(Check, is_content_with_results_of_older_versions) {
    for (const char* const version : {"0.4.0", "1.0.0"}) {
        expect_success(call("DEL"));
        result = call("ADD", {}, {{"cniVersion", version}}).json();
        expect_success(call("CHECK", {}, {{"cniVersion", version}, {"prevResult", result}}));
        sandbox.run("ip link set eth0 address 0a:00:00:00:00:07");
        expect_error(call("CHECK", {}, {{"cniVersion", version}, {"prevResult", result}}), cni_code::kDiffers, "MAC");
    }
}

struct Change {
    const char* name;
    bool in_sandbox;
    const char* command;
    const char* named; ///< part of the error
};

class CheckNames : public Check, public testing::WithParamInterface<Change> {};

TEST_P(CheckNames, what_differs) {
    const auto& [name, in_sandbox, command, named] = GetParam();
    std::string text = command;
    if (const auto at = text.find("HOST"); at != std::string::npos) text.replace(at, 4, host_link());
    (in_sandbox ? sandbox : host).run(text);
    expect_error(check(), cni_code::kDiffers, named);
}

INSTANTIATE_TEST_SUITE_P(
    All, CheckNames,
    testing::Values(
        Change{"address", true, "ip addr del 10.244.1.2/32 dev eth0", "address 10.244.1.2/32 is missing"},
        Change{"address6", true, "ip addr del fd00:10:244:1::2/128 dev eth0",
               "address fd00:10:244:1::2/128 is missing"},
        Change{"route", true, "ip route del default", "route 0.0.0.0/0 via 169.254.1.1 mtu 1430 is missing"},
        Change{"route6", true, "ip -6 route replace default via fe80::2 dev eth0",
               "route ::/0 via fe80::1 mtu 1430 is missing"},
        Change{"neighbour", true, "ip neigh del 169.254.1.1 dev eth0", "neighbour entry of the gateway 169.254.1.1"},
        Change{"mtu", true, "ip link set eth0 mtu 1400", "its MTU is 1400 instead of 1430"},
        Change{"mac", true, "ip link set eth0 address 0a:00:00:00:00:07", "its MAC is 0a:00:00:00:00:07 instead of"},
        Change{"down", true, "ip link set eth0 down", "interface eth0 in the sandbox: it is down"},
        Change{"gone", true, "ip link del eth0", "interface eth0 is missing from the sandbox"},
        Change{"renamed", true, "ip link set eth0 down name eth7", "interface eth0 is missing from the sandbox"},
        Change{"host_down", false, "ip link set HOST down", "in the host: it is down"},
        Change{"host_mtu", false, "ip link set HOST mtu 1280", "its MTU is 1280, below the sandbox"},
        Change{"host_gone", false, "ip link set HOST name other", "in the host: it is missing"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_F(Check, names_a_sandbox_that_is_gone) {
    expect_error(call("CHECK", {{"CNI_NETNS", "/nonexistent"}}, {{"prevResult", result}}), cni_code::kDiffers,
                 "cannot open the network namespace /nonexistent");
}

TEST_F(Check, names_a_host_interface_that_is_another_veths_end) {
    const auto name = host_link();
    host.run("ip link set " + name +
             " name other; ip link add dummy0 type bridge; ip link add dummy1 type bridge; ip link add " + name +
             " type veth peer name peer");
    expect_error(check(), cni_code::kDiffers, "it is not the other end of the sandbox");
}

TEST_F(Check, passes_on_what_the_agent_finds_in_port_and_flows) {
    agent.answer([&](const Request&) {
        CheckResponse record;
        record.mac = ipam::MacAddress::parse(result.at("interfaces").at(1).at("mac").get<std::string>()).value();
        record.addresses = {ipam::IpAddress::parse("10.244.1.2").value()};
        record.differences = {"port: it is missing from the bridge", "flows: 3 are missing"};
        return encode_response(record);
    });
    const auto checked = check();
    expect_error(checked, cni_code::kDiffers, "port: it is missing from the bridge");
    expect_error(checked, cni_code::kDiffers, "flows: 3 are missing");
    expect_error(checked, cni_code::kDiffers, "the agent's record does not have the address fd00:10:244:1::2");
}

TEST_F(Check, says_that_a_changed_mac_does_not_pass_the_switch) {
    sandbox.run("ip link set eth0 address 0a:00:00:00:00:07");
    result["interfaces"][1]["mac"] = "0a:00:00:00:00:07"; // as the tuning plugin reports its change
    expect_error(check(), cni_code::kDiffers, "the switch lets only MAC");
}

TEST_F(Check, of_a_container_that_was_never_attached_is_its_own_error) {
    expect_error(call("CHECK", {{"CNI_CONTAINERID", "other"}, {"CNI_IFNAME", "eth9"}}, {{"prevResult", result}}),
                 cni_code::kUnknownContainer, "no such attachment");
}

TEST_F(Check, of_an_attachment_that_the_agent_has_lost_names_the_loss) {
    agent.answer([](const Request&) {
        return encode_response(CniError{cni_code::kUnknownContainer, "no such attachment", ""});
    });
    expect_error(check(), cni_code::kDiffers, "no such attachment");
}

TEST_F(Check, needs_the_previous_result_and_a_version_that_has_the_verb) {
    expect_error(call("CHECK"), cni_code::kInvalidConfig, "prevResult");
    expect_error(call("CHECK", {}, {{"cniVersion", "0.3.1"}, {"prevResult", result}}), cni_code::kIncompatibleVersion,
                 "0.4.0");
}

TEST_F(Check, with_the_agent_down_can_be_tried_again) {
    agent.stop();
    expect_error(check(), cni_code::kTryAgain, "is ovs-cni-agent running");
}

} // namespace
} // namespace ovs_cni
