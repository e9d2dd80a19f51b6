// ovs-cni-lab-responder: the application of a pod in the lab. It answers on every given port, over
// IPv4 and IPv6, with its own name and the source address it saw.
//
//   ovs-cni-lab-responder [--share] NETNS NAME PORT/PROTOCOL...
//
// It enters the network namespace NETNS, binds, goes to the background and prints "pid N". Before
// that, it prints one line "unavailable PORT/PROTOCOL" for each port whose protocol this kernel
// lacks. When the command has returned, the ports answer.
#include "tools/cluster_lab/responder/answer.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

namespace responder {
namespace {

struct Request {
    Sharing sharing = Sharing::Alone;
    std::string network_namespace;
    std::string name;
    std::vector<PortRequest> ports;
};

constexpr auto kUsage = "usage: ovs-cni-lab-responder [--share] NETNS NAME PORT/PROTOCOL...";

outcome::Result<Request> parse(std::vector<std::string> arguments) {
    Request request;
    if (!arguments.empty() && arguments.front() == "--share") {
        request.sharing = Sharing::Shared;
        arguments.erase(arguments.begin());
    }
    if (arguments.size() < 3) return outcome::fail(kUsage);
    request.network_namespace = arguments[0];
    request.name = arguments[1];
    for (std::size_t i = 2; i < arguments.size(); ++i) {
        ASSIGN_OR_RETURN(auto port, PortRequest::parse(arguments[i]));
        request.ports.push_back(std::move(port));
    }
    return request;
}

outcome::Result<void> enter(const std::string& network_namespace) {
    const posix::Descriptor fd(open(network_namespace.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return outcome::fail("open " + network_namespace + ": " + std::strerror(errno));
    if (setns(fd.get(), CLONE_NEWNET) < 0)
        return outcome::fail("enter " + network_namespace + ": " + std::strerror(errno));
    return {};
}

outcome::Result<std::vector<Listener>> listen_on_all(const Request& request) {
    std::vector<Listener> all;
    for (const PortRequest& port : request.ports) {
        ASSIGN_OR_RETURN(auto listeners, listen_on(port, request.sharing));
        if (listeners.empty()) std::printf("unavailable %s\n", port.text.c_str());
        all.insert(all.end(), std::move_iterator(listeners.begin()), std::move_iterator(listeners.end()));
    }
    return all;
}

/// Every connection needs a descriptor.
void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/// The child continues in its own session, without the caller's streams; the parent prints the
/// child's pid and exits.
outcome::Result<void> go_to_background() {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child < 0) return outcome::fail(std::string("fork: ") + std::strerror(errno));
    if (child > 0) {
        std::printf("pid %d\n", child);
        std::fflush(stdout);
        _exit(0);
    }
    setsid();
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || chdir("/") < 0) _exit(1);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, stream);
    if (null > STDERR_FILENO) close(null);
    return {};
}

outcome::Error run(std::vector<std::string> arguments) {
    const auto request = parse(std::move(arguments));
    if (!request) return request.error();
    if (const auto entered = enter(request->network_namespace); !entered) return entered.error();
    const auto listeners = listen_on_all(*request);
    if (!listeners) return listeners.error();
    allow_many_descriptors();
    if (const auto detached = go_to_background(); !detached) return detached.error();
    return answer(request->name, *listeners);
}

} // namespace
} // namespace responder

int main(int count, char** values) {
    const outcome::Error error = responder::run({values + 1, values + count});
    std::fprintf(stderr, "ovs-cni-lab-responder: %s\n", error.message.c_str());
    return 1;
}
