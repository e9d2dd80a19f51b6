#include "ovs-cni/network_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace ovs_cni {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json good() { return {{"cniVersion", "1.1.0"}, {"name", "pods"}, {"type", "ovs-cni"}}; }

CniResult<NetworkConfiguration> read_with(const json& more, Verb verb = Verb::ADD) {
    auto configuration = good();
    configuration.update(more);
    return read_configuration(configuration.dump(), verb);
}

void expect_error(const CniResult<NetworkConfiguration>& read, int code, const std::string& text) {
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, code) << read.error().message;
    EXPECT_THAT(read.error().message, HasSubstr(text));
}

TEST(NetworkConfiguration, has_documented_defaults) {
    const auto configuration = read_with(json::object());
    ASSERT_TRUE(configuration) << configuration.error().message;
    EXPECT_EQ(configuration->agent_socket, "/run/ovs-cni/agent.sock");
    EXPECT_EQ(configuration->agent_timeout, std::chrono::seconds(60));
    EXPECT_EQ(configuration->dns, "{}");
    EXPECT_EQ(configuration->name, "pods");
}

TEST(NetworkConfiguration, fields_that_others_may_add_are_tolerated) {
    EXPECT_TRUE(read_with({{"args", {{"labels", {1}}}},
                           {"capabilities", {{"portMappings", true}}},
                           {"ipMasq", true},
                           {"runtimeConfig", {{"mac", "x"}}},
                           {"ipam", json::object()},
                           {"disableCheck", true}}));
}

TEST(NetworkConfiguration, the_runtime_chooses_the_version_whatever_the_list_offers) {
    const json offered{{"cniVersion", "1.0.0"}, {"cniVersions", {"1.0.0", "1.1.0", "9.0.0"}}};
    EXPECT_EQ(read_with(offered)->cni_version, CniVersion::V1_0_0);
    EXPECT_EQ(cni_version_of(offered.dump()), CniVersion::V1_0_0);
}

TEST(NetworkConfiguration, every_version_of_the_specification_from_0_3_0_is_spoken) {
    for (const auto& [version, name] : kCniVersions) EXPECT_EQ(read_with({{"cniVersion", name}})->cni_version, version);
    for (const char* const other : {"0.1.0", "0.2.0", "1.2.0", "2.0.0", "", "x"})
        expect_error(read_with({{"cniVersion", other}}), cni_code::kIncompatibleVersion, "is not supported");
    expect_error(read_configuration(R"({"name":"pods","type":"ovs-cni"})", Verb::ADD), cni_code::kIncompatibleVersion,
                 "0.1.0");
}

TEST(NetworkConfiguration, a_verb_needs_the_version_that_introduced_it) {
    expect_error(read_with({{"cniVersion", "0.3.1"}}, Verb::CHECK), cni_code::kIncompatibleVersion, "0.4.0 or newer");
    expect_error(read_with({{"cniVersion", "1.0.0"}}, Verb::GC), cni_code::kIncompatibleVersion, "1.1.0 or newer");
    expect_error(read_with({{"cniVersion", "1.0.0"}}, Verb::STATUS), cni_code::kIncompatibleVersion, "1.1.0 or newer");
}

TEST(NetworkConfiguration, what_makes_no_sense_is_refused_by_name) {
    expect_error(read_configuration("{", Verb::ADD), cni_code::kDecode, "not JSON");
    expect_error(read_configuration("", Verb::ADD), cni_code::kDecode, "not JSON");
    expect_error(read_configuration("[]", Verb::ADD), cni_code::kDecode, "not a JSON object");
    expect_error(read_with({{"name", ""}}), cni_code::kInvalidConfig, "name");
    expect_error(read_with({{"name", 7}}), cni_code::kInvalidConfig, "wrong type");
    expect_error(read_with({{"agentSocket", "agent.sock"}}), cni_code::kInvalidConfig, "agentSocket 'agent.sock'");
    expect_error(read_with({{"agentSocket", "/" + std::string(200, 'x')}}), cni_code::kInvalidConfig, "too long");
    expect_error(read_with({{"agentTimeoutSeconds", 0}}), cni_code::kInvalidConfig, "agentTimeoutSeconds");
    expect_error(read_with({{"prevResult", json::object()}}), cni_code::kInvalidConfig, "first plugin");
}

TEST(NetworkConfiguration, another_ipam_plugin_is_an_unsupported_field_but_does_not_keep_pods_from_being_removed) {
    const json ipam{{"ipam", {{"type", "host-local"}}}};
    expect_error(read_with(ipam), cni_code::kUnsupportedField, "field ipam names the IPAM plugin 'host-local'");
    EXPECT_TRUE(read_with(ipam, Verb::DEL));
}

TEST(NetworkConfiguration, del_is_content_with_a_previous_result_that_cannot_be_read) {
    EXPECT_TRUE(read_with({{"prevResult", "nonsense"}}, Verb::DEL));
    expect_error(read_with({{"prevResult", {{"ips", "nonsense"}}}}, Verb::CHECK), cni_code::kInvalidConfig,
                 "prevResult");
    expect_error(read_with({{"prevResult", {{"ips", {{{"address", "10.0.0.1"}}}}}}}, Verb::CHECK),
                 cni_code::kInvalidConfig, "'10.0.0.1' is not a CIDR");
}

TEST(NetworkConfiguration, the_list_of_valid_attachments_is_read_under_both_of_its_names) {
    const json list = json::array({{{"containerID", "a"}, {"ifname", "eth0"}}});
    const std::vector<AttachmentKey> keys{{"a", "eth0"}};
    EXPECT_EQ(read_with({{"cni.dev/valid-attachments", list}}, Verb::GC)->valid_attachments, keys);
    EXPECT_EQ(read_with({{"cni.dev/attachments", list}}, Verb::GC)->valid_attachments, keys);
    EXPECT_TRUE(read_with({{"cni.dev/valid-attachments", json::array()}}, Verb::GC)->valid_attachments.empty());
    expect_error(read_with({{"cni.dev/valid-attachments", nullptr}}, Verb::GC), cni_code::kInvalidConfig,
                 "valid-attachments");
    expect_error(read_with({{"cni.dev/valid-attachments", {{{"containerID", "a"}}}}}, Verb::GC),
                 cni_code::kInvalidConfig, "ifname");
}

AttachmentResult full_result() {
    AttachmentResult result;
    result.interfaces = {{"ovs0123", "0e:00:00:00:00:01", 1430, ""},
                         {"eth0", "0a:00:00:00:00:01", 1430, "/run/netns/x"}};
    result.addresses = {
        {ipam::IpAddress::parse("10.244.1.2").value(), 32, ipam::IpAddress::parse("169.254.1.1").value(), 1}};
    result.routes = {{ipam::Prefix::parse("0.0.0.0/0").value(), ipam::IpAddress::parse("169.254.1.1").value(), 1430}};
    return result;
}

TEST(AttachmentResult, comes_back_as_it_was_written) {
    EXPECT_EQ(*decode_result(json::parse(encode_result(full_result(), CniVersion::V1_1_0, "{}"))), full_result());
}

TEST(AttachmentResult, before_1_1_0_has_no_mtu) {
    for (const auto version : {CniVersion::V0_3_0, CniVersion::V0_3_1, CniVersion::V0_4_0, CniVersion::V1_0_0}) {
        const auto text = encode_result(full_result(), version, "{}");
        EXPECT_THAT(text, testing::Not(HasSubstr("mtu")));
        EXPECT_EQ(decode_result(json::parse(text))->interfaces.at(1).mtu, 0);
    }
}

} // namespace
} // namespace ovs_cni
