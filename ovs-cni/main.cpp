// The CNI plugin: one process for each verb. It works in the host's and the pod's namespaces
// through netlink, and calls the agent for everything else.
//
//   environment, standard input ──► verb ──► standard output (result or error), exit code 0 or 1
#include "ovs-cni/agent_call.h"
#include "ovs-cni/environment.h"
#include "ovs-cni/network_configuration.h"
#include "ovs-cni/verbs.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ovs_cni {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxConfigurationBytes = 16 << 20;

std::string_view variable(const char* name) {
    const char* const value = std::getenv(name);
    return value ? value : "";
}

CniResult<std::string> read_standard_input() {
    std::string text;
    if (isatty(STDIN_FILENO)) return text;
    std::array<char, 65536> buffer{};
    for (;;) {
        const auto size = read(STDIN_FILENO, buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0)
            return cni_fail(cni_code::kIo, std::string("cannot read standard input: ") + std::strerror(errno));
        if (size == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(size));
        if (text.size() > kMaxConfigurationBytes) return cni_fail(cni_code::kIo, "the configuration is too long");
    }
}

/// Returns whether all of it was written.
bool print(std::string line) {
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        const auto size = write(STDOUT_FILENO, rest.data(), rest.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return false;
        rest.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

int fail_with(const CniError& error, CniVersion version) {
    ordered_json out{{"cniVersion", text(version)}, {"code", error.code}, {"msg", error.message}};
    if (!error.details.empty()) out["details"] = error.details;
    print(out.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
    return EXIT_FAILURE;
}

int print_versions(CniVersion asked_in) {
    ordered_json supported = ordered_json::array();
    for (const auto& [version, name] : kCniVersions) supported.push_back(name);
    const ordered_json out{{"cniVersion", text(asked_in)}, {"supportedVersions", std::move(supported)}};
    return print(out.dump()) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// Prints the result. An attachment whose result cannot be delivered is undone.
int print_added(CniResult<Added> added, const NetworkConfiguration& configuration) {
    if (!added) return fail_with(added.error(), configuration.cni_version);
    if (print(encode_result(added->result, configuration.cni_version, configuration.dns))) return EXIT_SUCCESS;
    std::fprintf(stderr, "ovs-cni: cannot write to standard output; the attachment is undone\n%s",
                 added->undo.run().c_str());
    return EXIT_FAILURE;
}

CniResult<void> serve(const Environment& environment, const NetworkConfiguration& configuration) {
    switch (environment.verb) {
    case Verb::DEL:
        return del(environment, configuration);
    case Verb::CHECK:
        return check(environment, configuration);
    case Verb::GC:
        return gc(configuration);
    default:
        return status(configuration);
    }
}

int run() {
    const auto environment = read_environment(variable);
    if (!environment) return fail_with(environment.error(), kNewestCniVersion);
    const auto input = read_standard_input();
    if (!input) return fail_with(input.error(), kNewestCniVersion);
    const auto version = cni_version_of(*input).value_or(kNewestCniVersion);
    if (environment->verb == Verb::VERSION) return print_versions(version);
    const auto configuration = read_configuration(*input, environment->verb);
    if (!configuration) return fail_with(configuration.error(), version);
    if (environment->verb == Verb::ADD) return print_added(add(*environment, *configuration), *configuration);
    const auto served = serve(*environment, *configuration);
    return served ? EXIT_SUCCESS : fail_with(served.error(), version);
}

/// Whether a person started the program, without any CNI variable. It then prints its purpose.
bool started_by_hand() {
    for (const char* const name :
         {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH"}) {
        if (std::getenv(name)) return false;
    }
    return true;
}

int serve_runtime() {
    defer_termination();
    try {
        return run();
    } catch (const std::exception& error) {
        return fail_with({cni_code::kAgentFailed, std::string("ovs-cni failed: ") + error.what(), ""},
                         kNewestCniVersion);
    }
}

} // namespace
} // namespace ovs_cni

int main() {
    if (ovs_cni::started_by_hand()) {
        std::fputs(
            "ovs-cni: the CNI plugin of an Open vSwitch network; container runtimes start it with CNI_COMMAND set to "
            "ADD, DEL, CHECK, GC, STATUS or VERSION\n",
            stderr);
        return EXIT_SUCCESS;
    }
    try {
        return ovs_cni::serve_runtime();
    } catch (...) { // there is no memory even for the error text
        std::puts(R"({"cniVersion":"1.1.0","code":106,"msg":"ovs-cni failed: out of memory"})");
        return EXIT_FAILURE;
    }
}
