// The plugin, or another one, as a runtime starts it: a process with variables, standard input and two outputs.
#pragma once

#include "ovs-cni/netlink/network_namespace.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <string>

namespace ovs_cni {

struct Finished {
    int exit_code = -1;
    std::string output;
    std::string errors; ///< standard error
    std::chrono::duration<double, std::milli> time{};

    /// Standard output as JSON; fails where it is not exactly one value.
    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(output); }
};

/// A running process.
class PluginProcess {
  public:
    using Variables = std::map<std::string, std::string>;

    struct Setting {
        std::string program;
        Variables variables;
        std::string input;
        bool output_closed = false; ///< standard output has no reader
    };

    /// Starts it in `host`, which serves as the host's namespace.
    PluginProcess(const netlink::NetworkNamespace& host, const Setting& setting);
    PluginProcess(const PluginProcess&) = delete;
    PluginProcess& operator=(const PluginProcess&) = delete;
    ~PluginProcess();

    void signal(int number) const;
    /// Waits until both outputs are closed and the process has exited.
    [[nodiscard]] Finished finish();

  private:
    int pid_ = -1;
    int output_ = -1;
    int errors_ = -1;
    std::chrono::steady_clock::time_point began_;
};

} // namespace ovs_cni
