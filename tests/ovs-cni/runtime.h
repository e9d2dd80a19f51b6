// A container runtime for tests: a host and a sandbox, both namespaces of the test's own, and the plugin's verbs in
// them.
#pragma once

#include "tests/ovs-cni/expectation.h"
#include "tests/ovs-cni/plugin_process.h"
#include "tests/ovs-cni/private_namespace.h"
#include "tests/ovs-cni/scripted_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ovs_cni {

class Runtime : public testing::Test {
  protected:
    /// The configuration from the runtime for the plugin, changed by `more`.
    [[nodiscard]] nlohmann::json configuration(const nlohmann::json& more = nlohmann::json::object()) const {
        nlohmann::json out{
            {"cniVersion", "1.1.0"}, {"name", "pods"}, {"type", "ovs-cni"}, {"agentSocket", agent.socket()}};
        out.update(more);
        return out;
    }

    [[nodiscard]] PluginProcess::Variables variables(const std::string& verb) const {
        return {{"CNI_COMMAND", verb},
                {"CNI_CONTAINERID", "c0ffee"},
                {"CNI_NETNS", sandbox.path()},
                {"CNI_IFNAME", "eth0"},
                {"CNI_PATH", "/usr/lib/cni"},
                {"CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=1234"}};
    }

    /// Runs our plugin to its exit. `changed` replaces variables, `more` fields of the
    /// configuration.
    [[nodiscard]] Finished call(const std::string& verb, const PluginProcess::Variables& changed = {},
                                const nlohmann::json& more = nlohmann::json::object()) const {
        auto all = variables(verb);
        for (const auto& [name, value] : changed) all[name] = value;
        return PluginProcess(host.get(), {OVS_CNI_PROGRAM, all, configuration(more).dump()}).finish();
    }

    /// The result of a successful ADD.
    [[nodiscard]] nlohmann::json add() const {
        const auto added = call("ADD");
        EXPECT_EQ(added.exit_code, 0) << added.output;
        return added.json();
    }

    [[nodiscard]] std::string host_link() const { return host.links().empty() ? "" : host.links().front(); }

    PrivateNamespace host;
    PrivateNamespace sandbox;
    ScriptedAgent agent;
};

} // namespace ovs_cni
