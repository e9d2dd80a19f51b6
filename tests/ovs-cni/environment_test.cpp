#include "ovs-cni/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ovs_cni {
namespace {

using testing::HasSubstr;

using Values = std::map<std::string, std::string>;

const Values kGood{
    {"CNI_COMMAND", "ADD"}, {"CNI_CONTAINERID", "c0ffee"}, {"CNI_NETNS", "/run/netns/x"}, {"CNI_IFNAME", "eth0"}};

CniResult<Environment> read(Values values) {
    return read_environment([&](const char* name) -> std::string_view {
        const auto found = values.find(name);
        return found == values.end() ? std::string_view() : found->second;
    });
}

CniResult<Environment> read_with(const char* name, const std::string& value) {
    auto values = kGood;
    values[name] = value;
    return read(values);
}

void expect_named(const CniResult<Environment>& environment, const std::string& variable) {
    ASSERT_FALSE(environment) << variable;
    EXPECT_EQ(environment.error().code, cni_code::kInvalidEnvironment);
    EXPECT_THAT(environment.error().message, testing::StartsWith(variable));
}

TEST(Environment, holds_what_the_runtime_passes) {
    auto values = kGood;
    values["CNI_ARGS"] =
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c;K8S_POD_UID=u";
    const auto environment = read(values);
    ASSERT_TRUE(environment) << environment.error().message;
    EXPECT_EQ(*environment,
              (Environment{Verb::ADD, {"c0ffee", "eth0"}, "/run/netns/x", PodReference{"shop", "web-0", "u"}}));
}

TEST(Environment, a_missing_variable_is_named) {
    for (const auto& [name, value] : kGood) expect_named(read_with(name.c_str(), ""), name + " is missing");
}

TEST(Environment, each_verb_needs_its_own_variables) {
    for (const char* const verb : {"GC", "STATUS", "VERSION"}) EXPECT_TRUE(read({{"CNI_COMMAND", verb}})) << verb;
    EXPECT_TRUE(read({{"CNI_COMMAND", "DEL"}, {"CNI_CONTAINERID", "c"}, {"CNI_IFNAME", "eth0"}}));
    expect_named(read({{"CNI_COMMAND", "CHECK"}, {"CNI_CONTAINERID", "c"}, {"CNI_IFNAME", "eth0"}}), "CNI_NETNS");
    expect_named(read({{"CNI_COMMAND", "DEL"}, {"CNI_IFNAME", "eth0"}}), "CNI_CONTAINERID");
    expect_named(read_with("CNI_COMMAND", "add"), "CNI_COMMAND 'add' is not valid");
}

TEST(Environment, container_ids_are_letters_digits_and_three_marks) {
    for (const char* const good : {"c", "0", "a_b.c-d", "C0FFEE"})
        EXPECT_TRUE(read_with("CNI_CONTAINERID", good)) << good;
    for (const char* const bad : {"-a", ".a", "_a", "a/b", "a b", "a;b", "\xc3\xa4"})
        expect_named(read_with("CNI_CONTAINERID", bad), "CNI_CONTAINERID");
}

TEST(Environment, interface_names_are_those_that_linux_takes) {
    for (const char* const good : {"eth0", "a", "0", "eth0.100", "fifteen-letters"})
        EXPECT_TRUE(read_with("CNI_IFNAME", good)) << good;
    for (const char* const bad : {".", "..", "a/b", "a:b", "a b", "a\tb", "a\n", "sixteen--letters"})
        expect_named(read_with("CNI_IFNAME", bad), "CNI_IFNAME");
}

TEST(PodArguments, unknown_keys_are_tolerated_and_what_is_no_pair_is_not) {
    EXPECT_EQ(*read_pod_arguments(""), std::nullopt);
    EXPECT_EQ(*read_pod_arguments("A=1;B=2=3;C="), std::nullopt);
    EXPECT_EQ(*read_pod_arguments("K8S_POD_NAME=b;K8S_POD_NAMESPACE=a;"), (PodReference{"a", "b", ""}));
    for (const char* const bad : {"A", "A=1;B", "=1", ";;=", "K8S_POD_NAME=a", "K8S_POD_NAMESPACE=a"}) {
        const auto pod = read_pod_arguments(bad);
        ASSERT_FALSE(pod) << bad;
        EXPECT_EQ(pod.error().code, cni_code::kInvalidEnvironment);
        EXPECT_THAT(pod.error().message, HasSubstr("CNI_ARGS"));
    }
}

TEST(PodArguments, a_pod_that_is_not_named_cleanly_is_an_error_and_never_no_pod) {
    constexpr auto pod = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;";
    const std::vector<std::pair<std::string, std::string>> cases{
        // Blanks around keys, values and entries.
        {"IgnoreUnknown=1; K8S_POD_NAMESPACE=shop; K8S_POD_NAME=web", "' K8S_POD_NAMESPACE=shop'"},
        {"K8S_POD_NAMESPACE =shop;K8S_POD_NAME =web", "'K8S_POD_NAMESPACE =shop'"},
        {"\tK8S_POD_NAMESPACE=shop", "'\tK8S_POD_NAMESPACE=shop'"},
        {"K8S_POD_NAMESPACE=shop;K8S_POD_NAME= web", "'K8S_POD_NAME= web'"},
        {"K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web\n", "'K8S_POD_NAME=web\n'"},
        {"A=1; ;B=2", "' '"},
        {"A=1; B=2", "' B=2'"},
        // Present, but empty.
        {"K8S_POD_NAMESPACE=;K8S_POD_NAME=", "'K8S_POD_NAMESPACE='"},
        {"K8S_POD_NAMESPACE=shop;K8S_POD_NAME=", "'K8S_POD_NAME='"},
        {pod + std::string("K8S_POD_UID="), "'K8S_POD_UID='"},
        // Another case of a key that is read.
        {"k8s_pod_namespace=shop;k8s_pod_name=web", "'k8s_pod_namespace=shop'"},
        {pod + std::string("K8s_Pod_Uid=u"), "'K8s_Pod_Uid=u'"},
        // Twice, and not the same.
        {pod + std::string("K8S_POD_NAME=db"), "'K8S_POD_NAME=db'"},
        {"K8S_POD_UID=a;K8S_POD_UID=b;", "'K8S_POD_UID=b'"},
        // A pod's uid without its name.
        {"K8S_POD_UID=u", "K8S_POD_NAMESPACE"},
        // No pairs.
        {pod + std::string("K8S_POD_UID"), "'K8S_POD_UID'"},
        {"K8S_POD_NAMESPACE:shop,K8S_POD_NAME:web", "'K8S_POD_NAMESPACE:shop,K8S_POD_NAME:web'"},
        {"K8S_POD_NAMESPACE=shop,K8S_POD_NAME=web;K8S_POD_NAME=web", "'K8S_POD_NAMESPACE=shop,K8S_POD_NAME=web'"},
        {pod + std::string("K8S_POD_UID=a=b"), "'K8S_POD_UID=a=b'"},
        // A pod's key that is not at the start of its entry.
        {"A=1,K8S_POD_NAMESPACE=shop,K8S_POD_NAME=web", "'A=1,K8S_POD_NAMESPACE=shop,K8S_POD_NAME=web'"},
        {"'K8S_POD_NAME=web'", "''K8S_POD_NAME=web''"},
        {"\xc2\xa0K8S_POD_UID=u", "'\xc2\xa0K8S_POD_UID=u'"},
    };
    for (const auto& [arguments, entry] : cases) {
        const auto read = read_pod_arguments(arguments);
        ASSERT_FALSE(read) << arguments;
        EXPECT_EQ(read.error().code, cni_code::kInvalidEnvironment) << arguments;
        EXPECT_THAT(read.error().message, testing::StartsWith("CNI_ARGS '")) << arguments;
        const auto reason = read.error().message.substr(std::string("CNI_ARGS ''").size() + arguments.size());
        EXPECT_THAT(reason, HasSubstr(entry)) << arguments;
    }
}

TEST(PodArguments, may_end_in_a_separator_and_say_the_same_twice) {
    const PodReference web{"shop", "web", "u"};
    for (const char* const good : {"K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=u;",
                                   ";K8S_POD_NAMESPACE=shop;;K8S_POD_NAME=web;K8S_POD_UID=u;;",
                                   "K8S_POD_UID=u;K8S_POD_NAME=web;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web",
                                   "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=;"
                                   "K8S_POD_UID=u;IgnoreUnknown=1;OTHER=a b;MY_K8S_POD_NAME=x"}) {
        const auto read = read_pod_arguments(good);
        ASSERT_TRUE(read) << good << ": " << read.error().message;
        EXPECT_EQ(*read, web) << good;
    }
}

TEST(PodArguments, do_not_matter_to_del) {
    auto values = kGood;
    values["CNI_COMMAND"] = "DEL";
    values["CNI_ARGS"] = "not a pair";
    EXPECT_TRUE(read(values));
}

} // namespace
} // namespace ovs_cni
