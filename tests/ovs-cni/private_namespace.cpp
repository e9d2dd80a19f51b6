#include "tests/ovs-cni/private_namespace.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>

namespace ovs_cni {
namespace {

/// A separate thread creates the namespace, because that thread moves into it.
netlink::NetworkNamespace make() {
    outcome::Result<netlink::NetworkNamespace> made = outcome::fail("not made");
    std::thread([&] {
        made = unshare(CLONE_NEWNET) == 0 ? netlink::NetworkNamespace::current()
                                          : outcome::fail("cannot make a network namespace: these tests need root");
    }).join();
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
}

} // namespace

PrivateNamespace::PrivateNamespace() : namespace_(make()) {}

std::string PrivateNamespace::path() const {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(namespace_.fd());
}

nlohmann::json PrivateNamespace::ip(const std::string& arguments) const {
    const std::string command = "nsenter --net=" + path() + " ip -json -details " + arguments;
    const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "r"), &pclose);
    std::string text;
    std::array<char, 4096> buffer{};
    while (const auto size = fread(buffer.data(), 1, buffer.size(), output.get())) text.append(buffer.data(), size);
    return text.empty() ? nlohmann::json::array() : nlohmann::json::parse(text);
}

void PrivateNamespace::run(const std::string& command) const {
    const std::string inside = "nsenter --net=" + path() + " sh -c '" + command + "'";
    EXPECT_EQ(std::system(inside.c_str()), 0) << command;
}

std::vector<std::string> PrivateNamespace::links() const {
    std::vector<std::string> names;
    for (const auto& link : ip("link")) {
        if (link.at("ifname") != "lo") names.push_back(link.at("ifname"));
    }
    std::ranges::sort(names);
    return names;
}

} // namespace ovs_cni
