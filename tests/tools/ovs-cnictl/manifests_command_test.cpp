#include "tests/daemonset/cluster/manifests/temporary_directory.h"
#include "tools/ovs-cnictl/manifests_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <vector>

namespace ovs_cnictl {
namespace {

using agent::cluster::TemporaryDirectory;
using nlohmann::json;
using testing::HasSubstr;

struct Ran {
    int code = 0;
    std::string out;
    std::string errors;
};

Ran run(const std::vector<std::string>& arguments, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream errors;
    const int code = manifests_command(arguments, {in, out, errors});
    return {code, out.str(), errors.str()};
}

constexpr auto kWrong = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: A\n";

TEST(ManifestsCommand, prints_every_object_as_it_is_written) {
    const TemporaryDirectory folder;
    folder.write(
        "b.yaml",
        "apiVersion: v1\nkind: Service\nextra: \"80\"\n---\nkind: List\nitems:\n- {apiVersion: x/v1, kind: Y}\n");
    folder.write("a.json", R"({"apiVersion": "v1", "kind": "ConfigMap"})");
    const Ran ran = run({folder.path()});
    EXPECT_EQ(ran.code, 0) << ran.errors;
    EXPECT_EQ(json::parse(ran.out), json::parse(R"([
        {"file": ")" + folder.path("a.json") + R"(", "line": 1, "object": {"apiVersion": "v1", "kind": "ConfigMap"}},
        {"file": ")" + folder.path("b.yaml") + R"(", "line": 1,
         "object": {"apiVersion": "v1", "kind": "Service", "extra": "80"}},
        {"file": ")" + folder.path("b.yaml") + R"(", "line": 7, "object": {"apiVersion": "x/v1", "kind": "Y"}}])"));
}

TEST(ManifestsCommand, nothing_is_an_empty_array) { EXPECT_EQ(run({"-"}, "# nothing\n").out, "[]\n"); }

TEST(ManifestsCommand, reads_standard_input) {
    EXPECT_EQ(json::parse(run({"-"}, "{\"apiVersion\": \"v1\", \"kind\": \"X\"}").out).at(0).at("file"), "<stdin>");
    EXPECT_EQ(json::parse(run({"-"}, "apiVersion: v1\nkind: X\n").out).at(0).at("object").at("kind"), "X");
}

TEST(ManifestsCommand, a_network_policy_of_another_group_is_an_error) {
    const Ran ran = run({"-"}, "apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: p}\n");
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.errors,
              "<stdin>:1: NetworkPolicy p: apiVersion: \"extensions/v1beta1\" is not a supported version of "
              "NetworkPolicy: use networking.k8s.io/v1\n");
}

TEST(ManifestsCommand, errors_name_file_line_and_reason_and_nothing_is_printed) {
    const TemporaryDirectory folder;
    folder.write("a.yaml", "a: 1\nb: [\n");
    folder.write("b.yaml", kWrong);
    const Ran ran = run({folder.path(), "absent"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.errors, HasSubstr(folder.path("a.yaml:")));
    EXPECT_THAT(ran.errors, HasSubstr(folder.path("b.yaml:4: Pod A: metadata.name: \"A\" is not a valid name")));
    EXPECT_THAT(ran.errors, HasSubstr("absent: cannot be read: No such file or directory\n"));
}

TEST(ManifestsCommand, validation_can_be_left_out) {
    EXPECT_EQ(run({"-"}, kWrong).code, 1);
    EXPECT_EQ(run({"--validate=true", "-"}, kWrong).code, 1);
    EXPECT_EQ(run({"--validate=false", "-"}, kWrong).code, 0);
}

TEST(ManifestsCommand, wrong_usage_is_code_two) {
    EXPECT_EQ(run({}).code, 2);
    EXPECT_EQ(run({"--unknown", "-"}).code, 2);
    EXPECT_EQ(run({"--validate=maybe", "-"}).code, 2);
    EXPECT_THAT(run({}).errors, HasSubstr("usage: ovs-cnictl manifests"));
    const Ran help = run({"--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr("usage: ovs-cnictl manifests"));
}

} // namespace
} // namespace ovs_cnictl
