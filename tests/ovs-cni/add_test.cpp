// ADD by raw execution: what it creates, its result, and what remains after a failure.
#include "tests/ovs-cni/runtime.h"

#include <csignal>

namespace ovs_cni {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Add : public Runtime {
  protected:
    [[nodiscard]] json link(const PrivateNamespace& where, const std::string& name) const {
        return where.ip("link show " + name).at(0);
    }

    void expect_nothing_left() const {
        EXPECT_THAT(host.links(), IsEmpty());
        EXPECT_THAT(sandbox.links(), IsEmpty());
    }
};

std::vector<std::string> addresses(const json& links) {
    std::vector<std::string> out;
    for (const auto& address : links.at(0).at("addr_info")) {
        if (address.at("scope") == "global")
            out.push_back(address.at("local").get<std::string>() + "/" +
                          std::to_string(address.at("prefixlen").get<int>()));
    }
    return out;
}

TEST_F(Add, the_sandbox_gets_addresses_routes_neighbours_and_mtu) {
    (void)add();
    EXPECT_THAT(addresses(sandbox.ip("addr show eth0")), ElementsAre("10.244.1.2/32", "fd00:10:244:1::2/128"));
    const auto eth0 = link(sandbox, "eth0");
    EXPECT_EQ(eth0.at("mtu"), 1430);
    EXPECT_EQ(eth0.at("operstate"), "UP");
    EXPECT_THAT(link(sandbox, "lo").at("flags"), testing::Contains("UP"));
    EXPECT_EQ(sandbox.ip("-4 route show default").at(0).at("gateway"), "169.254.1.1");
    EXPECT_EQ(sandbox.ip("-6 route show default").at(0).at("gateway"), "fe80::1");
    EXPECT_EQ(sandbox.ip("-4 route show default").at(0).at("metrics").at(0).at("mtu"), 1430);
    std::vector<std::string> permanent;
    for (const auto& neighbour : sandbox.ip("neigh show dev eth0 nud permanent")) {
        EXPECT_EQ(neighbour.at("lladdr"), "ee:ee:ee:ee:ee:ee");
        permanent.push_back(neighbour.at("dst"));
    }
    EXPECT_THAT(permanent, testing::UnorderedElementsAre("169.254.1.1", "fe80::1"));
}

TEST_F(Add, the_host_end_is_up_with_the_same_mtu_and_no_address_of_its_own) {
    (void)add();
    const auto end = link(host, host_link());
    EXPECT_EQ(end.at("mtu"), 1430);
    EXPECT_EQ(end.at("operstate"), "UP");
    EXPECT_THAT(host.ip("addr show " + host_link()).at(0).at("addr_info"), IsEmpty());
}

TEST_F(Add, the_result_says_what_is_really_there) {
    const auto result = add();
    EXPECT_EQ(result.at("cniVersion"), "1.1.0");
    EXPECT_EQ(result.at("interfaces").at(0),
              (json{{"name", host_link()}, {"mac", link(host, host_link()).at("address")}, {"mtu", 1430}}));
    EXPECT_EQ(result.at("interfaces").at(1), (json{{"name", "eth0"},
                                                   {"mac", link(sandbox, "eth0").at("address")},
                                                   {"mtu", 1430},
                                                   {"sandbox", sandbox.path()}}));
    EXPECT_EQ(result.at("ips").at(0),
              (json{{"interface", 1}, {"address", "10.244.1.2/32"}, {"gateway", "169.254.1.1"}}));
    EXPECT_EQ(result.at("ips").at(1),
              (json{{"interface", 1}, {"address", "fd00:10:244:1::2/128"}, {"gateway", "fe80::1"}}));
    EXPECT_EQ(result.at("routes").at(0), (json{{"dst", "0.0.0.0/0"}, {"gw", "169.254.1.1"}, {"mtu", 1430}}));
    EXPECT_EQ(result.at("routes").at(1), (json{{"dst", "::/0"}, {"gw", "fe80::1"}, {"mtu", 1430}}));
}

TEST_F(Add, the_result_has_the_shape_of_the_version_that_was_asked_for) {
    for (const std::string version : {"0.3.0", "0.3.1", "0.4.0", "1.0.0"}) {
        const auto added = call("ADD", {}, {{"cniVersion", version}});
        expect_success(added);
        const auto result = added.json();
        EXPECT_EQ(result.at("cniVersion"), version);
        EXPECT_FALSE(result.at("interfaces").at(1).contains("mtu")) << version;
        EXPECT_FALSE(result.at("routes").at(0).contains("mtu")) << version;
        EXPECT_EQ(result.at("ips").at(0).value("version", ""), version < "1" ? "4" : "");
        EXPECT_EQ(result.at("ips").at(1).value("version", ""), version < "1" ? "6" : "");
        expect_success(call("DEL"));
    }
}

TEST_F(Add, the_agent_learns_who_is_attached_and_by_which_interface) {
    (void)add();
    const auto request = std::get<AddRequest>(agent.requests().at(0));
    EXPECT_EQ(request.key, (AttachmentKey{"c0ffee", "eth0"}));
    EXPECT_EQ(request.host_interface, host_link());
    EXPECT_EQ(link(sandbox, "eth0").at("address"), request.mac.text());
    EXPECT_EQ(request.sandbox, sandbox.path());
    EXPECT_EQ(request.network, "pods");
    EXPECT_EQ(request.pod, (PodReference{"shop", "web", "1234"}));
}

TEST_F(Add, without_kubernetes_arguments_no_pod_is_named) {
    expect_success(call("ADD", {{"CNI_ARGS", "OTHER=1"}}));
    EXPECT_EQ(std::get<AddRequest>(agent.requests().at(0)).pod, std::nullopt);
}

TEST_F(Add, the_configurations_dns_is_passed_on_and_unknown_fields_are_tolerated) {
    const json dns{{"nameservers", {"10.96.0.10"}}};
    const auto added =
        call("ADD", {}, {{"dns", dns}, {"unknown", {1, 2}}, {"runtimeConfig", {{"bandwidth", {{"x", 1}}}}}});
    expect_success(added);
    EXPECT_EQ(added.json().at("dns"), dns);
}

TEST_F(Add, a_sandbox_without_ipv6_gets_it_back_on_the_interface_that_has_such_an_address) {
    sandbox.run(
        "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    (void)add();
    EXPECT_THAT(addresses(sandbox.ip("addr show eth0")), ElementsAre("10.244.1.2/32", "fd00:10:244:1::2/128"));
}

TEST_F(Add, a_sandbox_without_ipv6_keeps_it_off_when_it_gets_no_such_address) {
    WorkingAgent only_ipv4;
    only_ipv4.families = {ipam::Family::IPv4};
    agent.answer(only_ipv4);
    sandbox.run("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    (void)add();
    EXPECT_THAT(addresses(sandbox.ip("addr show eth0")), ElementsAre("10.244.1.2/32"));
    sandbox.run("test $(cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6) = 1");
}

TEST_F(Add, checksum_offload_goes_off_exactly_where_the_datapath_needs_it) {
    (void)add();
    sandbox.run("ethtool -k eth0 | grep -q \"^tx-checksumming: on\"");
    expect_success(call("DEL"));
    WorkingAgent userspace;
    userspace.checksum_offload = false;
    agent.answer(userspace);
    (void)add();
    sandbox.run("ethtool -k eth0 | grep -q \"^tx-checksumming: off\"");
}

TEST_F(Add, a_second_interface_leaves_the_first_ones_default_route) {
    (void)add();
    const auto second = call("ADD", {{"CNI_IFNAME", "net1"}});
    expect_success(second);
    EXPECT_THAT(second.json().at("routes"), IsEmpty());
    EXPECT_EQ(sandbox.ip("-4 route show default").at(0).at("dev"), "eth0");
    EXPECT_EQ(host.links().size(), 2U);
}

TEST_F(Add, twice_with_the_same_key_is_an_error_that_leaves_the_first_alone) {
    (void)add();
    const auto before = sandbox.ip("addr");
    expect_error(call("ADD"), cni_code::kAttachmentExists, "attached already");
    EXPECT_EQ(sandbox.ip("addr"), before);
    EXPECT_EQ(host.links().size(), 1U);
    EXPECT_EQ(agent.count<DelRequest>(), 0);
}

TEST_F(Add, an_interface_name_that_is_taken_is_an_error_that_leaves_nothing_behind) {
    sandbox.run("ip link add eth0 type bridge");
    expect_error(call("ADD"), cni_code::kInterfaceExists, "CNI_IFNAME 'eth0' is taken");
    EXPECT_THAT(host.links(), IsEmpty());
    EXPECT_THAT(sandbox.links(), ElementsAre("eth0"));
    EXPECT_THAT(agent.requests(), IsEmpty());
}

TEST_F(Add, an_agent_that_is_down_is_an_error_to_try_again_and_leaves_nothing_behind) {
    agent.stop();
    expect_error(call("ADD"), cni_code::kTryAgain, "is ovs-cni-agent running");
    expect_nothing_left();
}

TEST_F(Add, the_agents_own_error_is_passed_on_and_leaves_nothing_behind) {
    agent.answer(
        [](const Request&) { return encode_response(CniError{cni_code::kNoAddress, "no address is free", "more"}); });
    expect_error(call("ADD"), cni_code::kNoAddress, "no address is free");
    expect_nothing_left();
    EXPECT_EQ(agent.count<DelRequest>(), 0) << "the agent has undone its part itself";
}

TEST_F(Add, garbage_from_the_agent_is_taken_back_at_both_ends) {
    for (const std::string line : {"hello", "[]", "{}", R"({"addresses":["x"]})",
                                   R"({"addresses":[],"gateways":[],"mtu":1430,"routerMac":"ee:ee:ee:ee:ee:ee"})"}) {
        const int dels = agent.count<DelRequest>();
        agent.answer([line](const Request& request) {
            return std::holds_alternative<AddRequest>(request) ? line + "\n" : encode_response(DelResponse{});
        });
        expect_error(call("ADD"), cni_code::kDecode, "agent's answer");
        expect_nothing_left();
        EXPECT_EQ(agent.count<DelRequest>(), dels + 1) << line;
    }
}

TEST_F(Add, a_connection_that_breaks_is_taken_back_at_both_ends) {
    agent.answer([](const Request& request) {
        return std::holds_alternative<AddRequest>(request) ? "" : encode_response(DelResponse{});
    });
    expect_error(call("ADD"), cni_code::kIo, "closed the connection");
    expect_nothing_left();
    EXPECT_EQ(agent.count<DelRequest>(), 1);
}

TEST_F(Add, an_agent_that_does_not_answer_in_time_is_given_up) {
    agent.hang();
    const auto added = call("ADD", {}, {{"agentTimeoutSeconds", 1}});
    expect_error(added, cni_code::kTryAgain, "did not answer in time");
    EXPECT_THAT(added.json().at("details"), HasSubstr("could not be undone: the agent still has the attachment"));
    expect_nothing_left();
    EXPECT_EQ(agent.count<DelRequest>(), 1);
}

TEST_F(Add, a_termination_signal_while_the_agent_works_takes_everything_back) {
    agent.hang();
    PluginProcess process(host.get(), {OVS_CNI_PROGRAM, variables("ADD"), configuration().dump()});
    ASSERT_TRUE(agent.wait_for_requests(1));
    EXPECT_EQ(host.links().size(), 1U);
    process.signal(SIGTERM);
    ASSERT_TRUE(agent.wait_for_requests(2)) << "DEL must follow";
    process.signal(SIGTERM);
    expect_error(process.finish(), cni_code::kTryAgain, "signal 15");
    expect_nothing_left();
}

TEST_F(Add, a_step_in_the_sandbox_that_fails_takes_back_all_earlier_ones) {
    WorkingAgent impossible;
    impossible.mtu = 70000;
    agent.answer(impossible);
    expect_error(call("ADD"), cni_code::kKernelRefused, "cannot set the interface");
    expect_nothing_left();
    EXPECT_EQ(agent.count<DelRequest>(), 1);
}

TEST_F(Add, a_result_that_nobody_reads_is_taken_back) {
    PluginProcess process(host.get(), {OVS_CNI_PROGRAM, variables("ADD"), configuration().dump(), true});
    const auto finished = process.finish();
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_THAT(finished.errors, HasSubstr("cannot write to standard output"));
    expect_nothing_left();
    EXPECT_EQ(agent.count<DelRequest>(), 1);
}

TEST_F(Add, what_is_no_sandbox_is_refused_by_name) {
    for (const std::string wrong : {"/etc/hostname", "/nonexistent", "/proc/self/ns/mnt"}) {
        const auto added = call("ADD", {{"CNI_NETNS", wrong}});
        expect_error(added, cni_code::kInvalidEnvironment, "CNI_NETNS '" + wrong + "' is not valid");
    }
    expect_error(call("ADD", {{"CNI_NETNS", host.path()}}), cni_code::kInvalidEnvironment,
                 "the host's own network namespace");
    EXPECT_THAT(agent.requests(), IsEmpty());
}

TEST_F(Add, sixteen_at_once_do_not_disturb_each_other) {
    std::vector<PrivateNamespace> sandboxes(16);
    std::vector<std::unique_ptr<PluginProcess>> processes;
    for (std::size_t i = 0; i < sandboxes.size(); ++i) {
        auto all = variables("ADD");
        all["CNI_CONTAINERID"] = "parallel" + std::to_string(i);
        all["CNI_NETNS"] = sandboxes[i].path();
        processes.push_back(std::make_unique<PluginProcess>(
            host.get(), PluginProcess::Setting{OVS_CNI_PROGRAM, all, configuration().dump()}));
    }
    std::set<std::string> given;
    for (std::size_t i = 0; i < sandboxes.size(); ++i) {
        const auto finished = processes[i]->finish();
        expect_success(finished);
        const std::string address = finished.json().at("ips").at(0).at("address");
        EXPECT_EQ(addresses(sandboxes[i].ip("addr show eth0")).at(0), address);
        given.insert(address);
    }
    EXPECT_EQ(given.size(), sandboxes.size());
    EXPECT_EQ(host.links().size(), sandboxes.size());
}

} // namespace
} // namespace ovs_cni
