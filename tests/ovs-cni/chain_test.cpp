// Chains: plugins of containernetworking-plugins after ours, run as libcni runs a configuration list.
#include "tests/ovs-cni/runtime.h"

#include <filesystem>

namespace ovs_cni {
namespace {

using nlohmann::json;

constexpr auto kPlugins = "/usr/lib/cni/";

class Chain : public Runtime {
  protected:
    /// One plugin of the list. Source: CNI specification, section 3, "Deriving execution configuration".
    [[nodiscard]] Finished run(const std::string& verb, json plugin, const json& previous) const {
        plugin.update({{"cniVersion", "1.0.0"}, {"name", "pods"}});
        if (!previous.is_null()) plugin["prevResult"] = previous;
        const std::string type = plugin.at("type");
        const std::string program = type == "ovs-cni" ? OVS_CNI_PROGRAM : kPlugins + type;
        auto all = variables(verb);
        all["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        return PluginProcess(host.get(), {program, all, plugin.dump()}).finish();
    }

    [[nodiscard]] json ours() const { return {{"type", "ovs-cni"}, {"agentSocket", agent.socket()}}; }

    /// ADD through the list, CHECK, DEL in reverse; returns the last result of ADD. Portmap's CHECK
    /// is left out: up to containernetworking-plugins 1.1.1 it looks for each family's rules among
    /// those of the other family too, and never finds them.
    [[nodiscard]] json whole_life(const std::vector<json>& plugins) const {
        json result;
        for (const auto& plugin : plugins) {
            const auto added = run("ADD", plugin, result);
            EXPECT_EQ(added.exit_code, 0) << plugin << added.output << added.errors;
            if (added.exit_code != 0) return result;
            result = added.json();
        }
        for (const auto& plugin : plugins) {
            if (plugin.at("type") == "portmap") continue;
            const auto checked = run("CHECK", plugin, result);
            EXPECT_EQ(checked.exit_code, 0) << plugin << checked.output << checked.errors;
        }
        for (auto plugin = plugins.rbegin(); plugin != plugins.rend(); ++plugin) {
            const auto deleted = run("DEL", *plugin, result);
            EXPECT_EQ(deleted.exit_code, 0) << *plugin << deleted.output << deleted.errors;
        }
        EXPECT_THAT(host.links(), testing::IsEmpty());
        EXPECT_THAT(sandbox.links(), testing::IsEmpty());
        return result;
    }
};

TEST_F(Chain, tuning_after_ours) {
    const json tuning{{"type", "tuning"}, {"sysctl", {{"net.core.somaxconn", "500"}}}, {"mtu", 1400}};
    (void)whole_life({ours(), tuning});
}

TEST_F(Chain, bandwidth_after_ours_shapes_our_host_interface) {
    const json bandwidth{{"type", "bandwidth"},
                         {"ingressRate", 8'000'000},
                         {"ingressBurst", 8'000'000},
                         {"egressRate", 8'000'000},
                         {"egressBurst", 8'000'000}};
    const auto result = whole_life({ours(), bandwidth});
    EXPECT_EQ(result.at("interfaces").size(), 3U) << "ours, and the one that bandwidth shapes egress with";
}

TEST_F(Chain, portmap_after_ours_maps_to_our_address) {
    const json mapping{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}};
    const json portmap{{"type", "portmap"},
                       {"capabilities", {{"portMappings", true}}},
                       {"runtimeConfig", {{"portMappings", json::array({mapping})}}}};
    (void)whole_life({ours(), portmap});
}

TEST_F(Chain, ours_after_another_plugin_is_refused) {
    const auto added = run("ADD", ours(), {{"cniVersion", "1.0.0"}, {"interfaces", json::array()}});
    expect_error(added, cni_code::kInvalidConfig, "it must be the first plugin of the list");
    EXPECT_THAT(host.links(), testing::IsEmpty());
}

} // namespace
} // namespace ovs_cni
