// The program ovs-cni-agent: one for each node of the cluster.
#include "daemonset/node_agent.h"
#include "daemonset/removal.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/program_options.hpp>

#include <csignal>
#include <iostream>

namespace {

namespace options = boost::program_options;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int run(agent::NodeConfiguration configuration) {
    agent::open_log(configuration.log_level);
    boost::asio::io_context context(1);
    agent::NodeAgent node_agent(context, std::move(configuration));
    if (auto started = node_agent.start(); !started) {
        agent::log_error("agent not started", {{"reason", started.error().message}});
        return kFailed;
    }
    boost::asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](boost::system::error_code cancelled, int) {
        if (!cancelled) agent::spawn(context.get_executor(), "ending the agent", node_agent.shut_down());
    });
    context.run();
    return 0;
}

int remove(const agent::NodeConfiguration& configuration) {
    boost::asio::io_context context(1);
    auto removal = boost::asio::co_spawn(context, agent::remove_network(configuration), boost::asio::use_future);
    context.run();
    const auto done = removal.get();
    for (const auto& line : done.removed) std::cout << "removed " << line << "\n";
    for (const auto& line : done.left) std::cout << "left: " << line << "\n";
    for (const auto& line : done.failed) std::cerr << "ovs-cni-agent: " << line << "\n";
    if (done.removed.empty() && done.failed.empty()) std::cout << "nothing is left to remove\n";
    return done.failed.empty() ? 0 : kFailed;
}

} // namespace

int main(int argc, char** argv) {
    options::options_description described(
        "usage: ovs-cni-agent --config FILE [--remove]\n\nThe node agent of ovs-cni");
    std::string file;
    described.add_options()("config", options::value(&file)->value_name("FILE"), "the node's configuration (YAML)")(
        "remove", "remove everything that the network created on this node, and exit")("help", "print this");
    options::variables_map given;
    try {
        options::store(options::parse_command_line(argc, argv, described), given);
        options::notify(given);
    } catch (const options::error& error) {
        std::cerr << "ovs-cni-agent: " << error.what() << "\n" << described;
        return kUsage;
    }
    if (given.contains("help")) {
        std::cout << described;
        return 0;
    }
    if (file.empty()) {
        std::cerr << "ovs-cni-agent: --config is missing\n" << described;
        return kUsage;
    }
    auto configuration = agent::read_configuration(file);
    if (!configuration) {
        std::cerr << "ovs-cni-agent: " << configuration.error().message << "\n";
        return kFailed;
    }
    return given.contains("remove") ? remove(*configuration) : run(std::move(*configuration));
}
