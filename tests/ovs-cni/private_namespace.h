// A network namespace of the test's own, which ends with it and has no name that others could meet.
#pragma once

#include "ovs-cni/netlink/network_namespace.h"

#include <nlohmann/json.hpp>

#include <string>

namespace ovs_cni {

class PrivateNamespace {
  public:
    PrivateNamespace();

    /// As CNI_NETNS takes it; valid for all processes while the test runs.
    [[nodiscard]] std::string path() const;
    [[nodiscard]] const netlink::NetworkNamespace& get() const { return namespace_; }
    /// What `ip -json ARGUMENTS` prints in it.
    [[nodiscard]] nlohmann::json ip(const std::string& arguments) const;
    /// Runs a shell command in it; a command that fails fails the test.
    void run(const std::string& command) const;
    /// The names of its links, without the loopback interface, sorted.
    [[nodiscard]] std::vector<std::string> links() const;

  private:
    netlink::NetworkNamespace namespace_;
};

} // namespace ovs_cni
