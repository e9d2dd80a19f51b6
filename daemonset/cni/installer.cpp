#include "daemonset/cni/installer.h"

#include "daemonset/cni/cni_installation.h"
#include "words/list.h"

namespace agent {
namespace {

void log_installed(const CniInstallation& installed, const NodeConfiguration& configuration) {
    for (const auto& path : installed.written) log_info("installed", {{"file", path.string()}});
    for (const auto& reason : installed.outdated)
        log_warning(
            "the conflist offers only CNI version 1.0.0, with which the container runtime calls neither STATUS nor GC: "
            "install newer CNI plugins",
            {{"reason", reason}});
    const auto folder = configuration.cni_config_directory.string();
    if (!installed.after.empty())
        log_info("other networks are configured, which the container runtime ignores",
                 {{"folder", folder}, {"files", words::join(installed.after)}});
    if (!installed.before.empty())
        log_warning("other networks come first, so the container runtime will not use this one: remove them, or "
                    "set cniConfigFile to a name that sorts before them",
                    {{"folder", folder}, {"files", words::join(installed.before)}});
}

} // namespace

Task<> Installer::run() {
    if (configuration_.cni_config_directory.empty()) co_return;
    while (!readiness_.unready().empty()) co_await readiness_.wait_for_change();
    auto installed = install_cni(configuration_, plugin_beside_program());
    while (!installed) {
        failure_.failed(installed.error().message);
        co_await readiness_.wait_for_change(); // at the latest with the next periodic check of the host
        installed = install_cni(configuration_, plugin_beside_program());
    }
    failure_.recovered();
    log_installed(*installed, configuration_);
    readiness_.may_have_changed();
}

std::optional<Obstacle> Installer::installation_obstacle() const {
    if (cni_is_installed(configuration_)) return std::nullopt;
    const auto& reason = failure_.last_error();
    return Obstacle{Cause::PluginNotInstalled, reason.empty() ? "plugin and conflist are not in place yet" : reason};
}

} // namespace agent
