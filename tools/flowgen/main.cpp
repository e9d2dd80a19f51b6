// flowgen: which flows would these manifests give on that node? Offline, without a switch.
//
//   manifests ──► ClusterState ──► assumed attachments ──► compile ──► ovs-ofctl's text, or counts per table
#include "daemonset/cluster/manifests/manifest_tree.h"
#include "flowgen/compile.h"
#include "flowgen/network/identity_names.h"
#include "tools/flowgen/assumed_attachments.h"

#include <boost/program_options.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <map>

namespace {

namespace options = boost::program_options;

constexpr const char* kUsage =
    "usage: flowgen --node NAME [--datapath system|netdev] [--stats] DIR...\n"
    "\n"
    "Prints the flows that the manifests in the files and folders DIR make on node NAME, with the object\n"
    "that each comes from. `ovs-ofctl -O OpenFlow15 --bundle add-flows BRIDGE FILE` takes them unchanged\n"
    "once BRIDGE knows the tunnel option:\n"
    "  ovs-ofctl -O OpenFlow15 add-tlv-map BRIDGE '{class=0xff10,type=0,len=16}->tun_metadata0'\n"
    "\n";

struct Request {
    std::string node;
    std::vector<std::string> paths;
    bool stats = false;
    bool netdev = false; ///< the datapath in ovs-vswitchd
};

/// The request, or the exit code.
std::variant<Request, int> parse(int argc, char** argv) {
    options::options_description visible("Options");
    visible.add_options()("node", options::value<std::string>(), "the node whose flows are wanted")(
        "datapath", options::value<std::string>()->default_value("system"),
        "system or netdev, as in the agent's configuration")(
        "stats", "count the flows of each table instead of printing them")("help,h", "print this");
    options::options_description all;
    all.add(visible).add_options()("path", options::value<std::vector<std::string>>());
    options::positional_options_description positional;
    positional.add("path", -1);
    try {
        options::variables_map given;
        options::store(options::command_line_parser(argc, argv).options(all).positional(positional).run(), given);
        if (given.contains("help")) {
            std::cout << kUsage << visible;
            return 0;
        }
        if (!given.contains("node") || !given.contains("path")) {
            std::cerr << "flowgen: --node and at least one DIR are needed\n" << kUsage << visible;
            return 2;
        }
        const auto datapath = given["datapath"].as<std::string>();
        if (datapath != "system" && datapath != "netdev") {
            std::cerr << "flowgen: --datapath is system or netdev, not \"" << datapath << "\"\n";
            return 2;
        }
        return Request{given["node"].as<std::string>(), given["path"].as<std::vector<std::string>>(),
                       given.contains("stats"), datapath == "netdev"};
    } catch (const options::error& error) {
        std::cerr << "flowgen: " << error.what() << "\n" << kUsage << visible;
        return 2;
    }
}

void print_flows(const flowgen::CompiledFlows& compiled, const flowgen_program::AssumedCluster& cluster) {
    for (const auto& assumption : cluster.assumptions) std::cout << "# assumed: " << assumption << "\n";
    const auto names = flowgen::name_identities(cluster.state);
    int table = -1;
    for (const auto& [key, body] : compiled.flows) {
        if (key.table != table)
            std::cout << "\n# table " << int{key.table} << " " << flowgen::table_name(key.table) << "\n";
        table = key.table;
        const auto identities = flowgen::describe(key.match, names);
        std::cout << flowgen::text(key, body) << " # " << compiled.owners.at(body.cookie)
                  << (identities.empty() ? "" : "; " + identities) << "\n";
    }
}

void print_stats(const flowgen::CompiledFlows& compiled) {
    std::map<std::uint8_t, std::size_t> counts;
    for (const auto& [key, body] : compiled.flows) ++counts[key.table];
    for (const auto& [table, name] : flowgen::kTables)
        std::printf("%3d %-18s %8zu\n", flowgen::number(table), std::string(name).c_str(),
                    counts[flowgen::number(table)]);
    std::printf("    %-18s %8zu\n", "total", compiled.flows.size());
}

int run(const Request& request) {
    auto loaded = agent::cluster::load_manifests(request.paths);
    for (const auto& error : loaded.errors) std::cerr << error.text() << "\n";
    if (!loaded.errors.empty()) return 1;
    auto cluster = flowgen_program::assume(std::move(loaded.state), request.node);
    if (!cluster) {
        std::cerr << "flowgen: " << cluster.error().message << "\n";
        return 1;
    }
    cluster->local.writes_nd_options = request.netdev;
    const auto compiled = flowgen::compile(cluster->state, cluster->local);
    if (!compiled) {
        std::cerr << "flowgen: " << compiled.error().message << "\n";
        return 1;
    }
    for (const auto& warning : compiled->warnings) std::cerr << "flowgen: " << warning << "\n";
    if (request.stats)
        print_stats(*compiled);
    else
        print_flows(*compiled, *cluster);
    std::cout.flush();
    return std::cout ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    try {
        const auto parsed = parse(argc, argv);
        if (const auto* code = std::get_if<int>(&parsed)) return *code;
        return run(std::get<Request>(parsed));
    } catch (const std::exception& error) {
        std::cerr << "flowgen: " << error.what() << "\n";
        return 1;
    }
}
