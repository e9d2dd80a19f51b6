// Access to the API server: server URLs, kubeconfig, the service account of a pod.
#include "daemonset/cluster/kubernetes/client/access.h"
#include "daemonset/cluster/kubernetes/client/kubeconfig.h"
#include "daemonset/node/node_configuration.h"
#include "tests/daemonset/cluster/manifests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent::kubernetes {
namespace {

using cluster::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ServerUrl, is_taken_apart) {
    struct Case {
        const char* text;
        ServerUrl url;
        const char* again;
    };
    for (const auto& [text, url, again] : {
             Case{"https://10.0.0.1:6443", {true, "10.0.0.1", 6443, ""}, "https://10.0.0.1:6443"},
             Case{"https://api.example", {true, "api.example", 443, ""}, "https://api.example:443"},
             Case{"http://[fd00::1]:80/", {false, "fd00::1", 80, ""}, "http://[fd00::1]:80"},
             Case{"https://[::1]/k8s/a/", {true, "::1", 443, "/k8s/a"}, "https://[::1]:443/k8s/a"},
         }) {
        const auto parsed = parse_server_url(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, url) << text;
        EXPECT_EQ(parsed->text(), again);
    }
}

TEST(ServerUrl, what_is_none_is_refused) {
    for (const char* text :
         {"", "10.0.0.1:6443", "ftp://a", "https://", "https://:443", "https://a:", "https://a:0", "https://a:65536",
          "https://a:x", "https://fd00::1:80", "https://[10.0.0.1]:80", "https://[fd00::1", "https://user@a",
          "https://a/x y", "https://a/?q", "https://a\r\nX: y"})
        EXPECT_FALSE(parse_server_url(text)) << text;
}

/// A kubeconfig whose only context has this cluster and this user.
std::string kubeconfig(const std::string& cluster, const std::string& user) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
           "contexts: [{name: other, context: {cluster: none}}, {name: c, context: {cluster: k, user: u}}]\n"
           "clusters: [{name: k, cluster: {" +
           cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n";
}

TEST(Kubeconfig, files_are_found_from_its_folder) {
    const TemporaryDirectory folder;
    folder.write("ca.pem", "CA");
    folder.write("pki/me.pem", "ME");
    folder.write("pki/key.pem", "KEY");
    folder.write("config", kubeconfig("server: 'https://10.0.0.1:6443', certificate-authority: ca.pem, "
                                      "tls-server-name: kubernetes",
                                      "client-certificate: pki/me.pem, client-key: " + folder.path("pki/key.pem")));
    const auto access = read_kubeconfig(folder.path("config"));
    ASSERT_TRUE(access) << access.error().message;
    EXPECT_EQ(access->servers, (std::vector<ServerUrl>{{true, "10.0.0.1", 6443, ""}}));
    EXPECT_EQ(access->tls, (TlsSettings{"CA", true, "kubernetes", "ME", "KEY"}));
    EXPECT_EQ(access->token, "");
}

TEST(Kubeconfig, data_comes_before_files) {
    const auto access = parse_kubeconfig(
        kubeconfig("server: 'https://a', certificate-authority: /nowhere, certificate-authority-data: Q0E=",
                   "client-certificate-data: TUU=, client-key-data: S0VZ, token: abc"),
        "f");
    ASSERT_TRUE(access) << access.error().message;
    EXPECT_EQ(access->tls, (TlsSettings{"CA", true, "", "ME", "KEY"}));
    EXPECT_EQ(access->token, "abc");
}

TEST(Kubeconfig, a_user_is_not_required_and_verification_can_be_left_out) {
    const auto access =
        parse_kubeconfig("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: "
                         "[{name: k, cluster: {server: 'https://a', insecure-skip-tls-verify: true}}]\n",
                         "f");
    ASSERT_TRUE(access) << access.error().message;
    EXPECT_FALSE(access->tls.verify);
}

TEST(Kubeconfig, a_token_file_is_read_each_time) {
    const TemporaryDirectory folder;
    folder.write("token", "first\n");
    folder.write("config", kubeconfig("server: 'https://a'", "token: old, tokenFile: token"));
    EXPECT_EQ(read_kubeconfig(folder.path("config")).value().token, "first");
    folder.replace("token", "second\n");
    EXPECT_EQ(read_kubeconfig(folder.path("config")).value().token, "second");
}

TEST(Kubeconfig, what_cannot_be_used_is_named) {
    struct Case {
        std::string text;
        const char* error;
    };
    const std::string server = "server: 'https://a'";
    for (const auto& [text, error] : {
             Case{kubeconfig(server, "exec: {command: aws}"), "f: user u: exec is not supported: use token"},
             Case{kubeconfig(server, "auth-provider: {name: oidc}"), "auth-provider is not supported"},
             Case{kubeconfig(server, "username: a, password: b"), "username is not supported"},
             Case{kubeconfig(server + ", proxy-url: 'http://p'", ""), "proxy-url is not supported"},
             Case{kubeconfig("server: a", ""), "f: cluster k: server: \"a\" is not a server URL"},
             Case{kubeconfig("", ""), "cluster k: server"},
             Case{kubeconfig(server + ", certificate-authority-data: '*'", ""),
                  "certificate-authority-data is not base64"},
             Case{kubeconfig(server + ", certificate-authority: /nowhere/ca", ""), "/nowhere/ca: No such file"},
             Case{kubeconfig(server + ", insecure-skip-tls-verify: maybe", ""), "must be true or false"},
             Case{kubeconfig(server, "client-certificate-data: TUU="), "belong together"},
             Case{kubeconfig(server, "token: 7"), "token is not a string"},
             Case{"contexts: []\n", "current-context is missing"},
             Case{"current-context: c\n", "there is no context \"c\""},
             Case{"current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n", "there is no cluster \"k\""},
             Case{"- a\n", "must be one YAML mapping"},
             Case{"a: [\n", "f:"},
         }) {
        const auto access = parse_kubeconfig(text, "f");
        ASSERT_FALSE(access) << text;
        EXPECT_THAT(access.error().message, HasSubstr(error));
    }
    EXPECT_THAT(read_kubeconfig("/nowhere/config").error().message, HasSubstr("open /nowhere/config: No such file"));
}

TEST(PodAccess, is_what_the_pod_finds) {
    const TemporaryDirectory account;
    account.write("token", "abc\n");
    account.write("ca.crt", "CA");
    const auto access = access_of_pod({"fd00::1", "443", account.path()});
    ASSERT_TRUE(access) << access.error().message;
    EXPECT_EQ(access->servers, (std::vector<ServerUrl>{{true, "fd00::1", 443, ""}}));
    EXPECT_EQ(access->token, "abc");
    EXPECT_EQ(access->tls.authorities, "CA");
}

TEST(PodAccess, outside_a_pod_the_error_says_what_to_set) {
    EXPECT_THAT(access_of_pod({"", "", "/"}).error().message,
                AllOf(HasSubstr("KUBERNETES_SERVICE_HOST"), HasSubstr("set \"kubeconfig\"")));
    const TemporaryDirectory account;
    account.write("ca.crt", "CA");
    account.write("token", "\n");
    EXPECT_THAT(access_of_pod({"10.0.0.1", "443", account.path()}).error().message, HasSubstr("contains no token"));
}

TEST(Access, the_configurations_servers_replace_the_kubeconfigs) {
    const TemporaryDirectory folder;
    folder.write("config", kubeconfig("server: 'https://a'", "token: t"));
    NodeConfiguration configuration;
    configuration.kubeconfig = folder.path("config");
    configuration.api_servers = {{true, "one", 443, ""}, {true, "two", 443, ""}};
    const auto access = read_access(configuration);
    ASSERT_TRUE(access) << access.error().message;
    EXPECT_EQ(access->servers, configuration.api_servers);
    EXPECT_EQ(access->token, "t");
}

} // namespace
} // namespace agent::kubernetes
