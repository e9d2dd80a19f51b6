// ovs-cnictl: the command line for users of ovs-cni. Its first argument is the command.
#include "tools/ovs-cnictl/manifests_command.h"

#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view kUsage = "usage: ovs-cnictl COMMAND [ARGUMENTS]\n"
                                    "\n"
                                    "Commands:\n"
                                    "  manifests PATH...   print and check the objects in manifests, as JSON\n"
                                    "\n"
                                    "'ovs-cnictl COMMAND --help' tells more.\n";

int run(const std::vector<std::string>& arguments) {
    if (arguments.empty()) {
        std::cerr << kUsage;
        return 2;
    }
    const std::string& command = arguments.front();
    const auto rest = std::span(arguments).subspan(1);
    if (command == "manifests") return ovs_cnictl::manifests_command(rest, {std::cin, std::cout, std::cerr});
    if (command == "--help" || command == "-h" || command == "help") {
        std::cout << kUsage;
        return 0;
    }
    std::cerr << "ovs-cnictl: unknown command '" << command << "'\n" << kUsage;
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    try {
        const int code = run({argv + 1, argv + argc});
        std::cout.flush();
        if (std::cout) return code;
        std::cerr << "ovs-cnictl: cannot write to standard output\n";
    } catch (const std::exception& error) {
        std::cerr << "ovs-cnictl: " << error.what() << "\n";
    }
    return 1;
}
