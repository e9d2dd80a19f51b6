#include "daemonset/cluster/objects/name_syntax.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace agent::cluster {
namespace {

using Fault = std::string_view (*)(std::string_view);

void expect(Fault fault, const std::vector<std::string>& good, const std::vector<std::string>& bad) {
    for (const auto& text : good) EXPECT_EQ(fault(text), "") << "'" << text << "'";
    for (const auto& text : bad) EXPECT_NE(fault(text), "") << "'" << text << "'";
}

std::string letters(std::size_t count) { return std::string(count, 'a'); }

TEST(NameSyntax, subdomains) {
    expect(subdomain_fault, {"a", "1", "a-b.c.d1", letters(253)},
           {"", "A", "a_b", "-a", "a-", "a..b", ".a", "a.", "a.-b", letters(254), "a b"});
}

TEST(NameSyntax, dns_labels) {
    expect(dns_label_fault, {"a", "9", "a--b", letters(63)}, {"", "a.b", "A", "-a", "a-", letters(64)});
}

TEST(NameSyntax, label_keys) {
    expect(label_key_fault, {"app", "App_1.x-y", "example.com/app", letters(63), letters(253) + "/x"},
           {"", "/app", "example.com/", "a/b/c", "Example.com/a", "-a", "a.", "a b", letters(64), letters(254) + "/x"});
}

TEST(NameSyntax, label_values) {
    expect(label_value_fault, {"", "a", "A_b.c-1", letters(63)}, {"-a", "a-", "_", "a/b", "a b", letters(64)});
}

TEST(NameSyntax, port_names) {
    expect(port_name_fault, {"http", "a", "8a", "web-1", letters(15)},
           {"", "80", "1-2", "Http", "-a", "a-", "a--b", "a_b", letters(16)});
}

} // namespace
} // namespace agent::cluster
