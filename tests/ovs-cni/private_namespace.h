// A network namespace for one test, which disappears with it and has no name that could collide.
#pragma once

#include "ovs-cni/netlink/network_namespace.h"

#include <nlohmann/json.hpp>

#include <string>

namespace ovs_cni {

class PrivateNamespace {
  public:
    PrivateNamespace();

    /// The value for CNI_NETNS; valid for all processes while the test runs.
    [[nodiscard]] std::string path() const;
    [[nodiscard]] const netlink::NetworkNamespace& get() const { return namespace_; }
    /// The output of `ip -json ARGUMENTS` in it.
    [[nodiscard]] nlohmann::json ip(const std::string& arguments) const;
    /// Runs a shell command in it; a failing command fails the test.
    void run(const std::string& command) const;
    /// The names of its links, without the loopback interface, sorted.
    [[nodiscard]] std::vector<std::string> links() const;

  private:
    netlink::NetworkNamespace namespace_;
};

} // namespace ovs_cni
